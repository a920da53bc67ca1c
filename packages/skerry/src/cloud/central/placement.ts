// Where a machine can be, and where it is best: filter, then weigh. Pure.
import {
  type HypervisorState,
  isBoundByDisks,
  isBoundByPause,
  isOn,
  VCPUS_PER_CPU,
  type VmState,
} from '../entity.ts';
import { all, attribute, parseXml, textOf } from '../xml/element.ts';

/** A hypervisor as a place for a machine. */
export interface Place {
  readonly hypervisor: string;
  readonly possible: boolean;
  /** Why not, or what to know before: `its network 'lab' is not there`. */
  readonly reasons: readonly string[];
  /** 0 to 100; the sum of {@link Place.parts}. 0 when it is not possible. */
  readonly score: number;
  readonly parts: readonly { readonly name: string; readonly points: number }[];
}

export interface PlacementInput {
  readonly hosts: readonly HypervisorState[];
  readonly vms: readonly VmState[];
  readonly isLive: (hypervisor: string) => boolean;
}

/** What a machine needs of its place. */
export interface Needs {
  readonly memoryMiB: number;
  readonly vcpus: number;
  readonly networks: readonly string[];
  readonly tags: readonly string[];
}

/** What a machine needs that is on no hypervisor, by the definition that libvirt gave of it. */
export function needsOf({ xml, tags }: { readonly xml: string } & Pick<Needs, 'tags'>): Needs {
  const domain = parseXml(xml);
  return {
    memoryMiB: Number(textOf(domain, 'memory') ?? 0) / 1024,
    vcpus: Number(textOf(domain, 'vcpu') ?? 1),
    networks: all(domain, 'devices/interface').flatMap(
      (nic) => attribute(nic, 'source', 'network') ?? [],
    ),
    tags,
  };
}

/** A little of each hypervisor is its own. */
const HOST_MIB = 512;
const WEIGHTS = { memory: 50, processors: 30, spread: 20 } as const;

/**
 * All hypervisors as places for a machine, the best first.
 *
 * @example
 * placesFor({ memoryMiB: 512, vcpus: 1, networks: ['default'], tags: [] }, input)[0]?.hypervisor;
 */
export function placesFor(needs: Needs, input: PlacementInput): Place[] {
  return input.hosts.map((host) => placeOn(host, needs, input)).toSorted(bestFirst);
}

/** Each hypervisor as the target of a machine's migration; that which it is on is none. */
export function migrationTargets(vm: VmState, input: PlacementInput): Place[] {
  const needs = {
    memoryMiB: vm.memoryMiB,
    vcpus: vm.vcpus,
    networks: vm.nics.flatMap(({ type, source }) => (type === 'network' && source ? [source] : [])),
    tags: vm.tags,
  };
  const from = input.hosts.find(({ name }) => name === vm.hypervisor);
  const others = { ...input, hosts: input.hosts.filter(({ name }) => name !== vm.hypervisor) };
  return placesFor(needs, others)
    .map((place) => {
      const host = others.hosts.find(({ name }) => name === place.hypervisor);
      const reasons = [...place.reasons, ...(host ? blockers(vm, from, host) : [])];
      const possible = reasons.length === 0;
      return { ...place, reasons, possible, score: possible ? place.score : 0 };
    })
    .toSorted(bestFirst);
}

function bestFirst(a: Place, b: Place): number {
  return (
    Number(b.possible) - Number(a.possible) ||
    b.score - a.score ||
    a.hypervisor.localeCompare(b.hypervisor)
  );
}

function blockers(vm: VmState, from: HypervisorState | undefined, to: HypervisorState): string[] {
  const reasons: string[] = [];
  if (to.migrationUri === null) reasons.push('its libvirt cannot be reached by others');
  if (vm.task) reasons.push(`${vm.name} is busy: ${vm.task.verb}`);
  if (from && isBoundByDisks(vm, from))
    reasons.push(`${vm.name} is off, and its disks are on ${from.name} only: start it`);
  if (isBoundByPause(vm)) reasons.push(`${vm.name} is paused: resume it first`);
  if (!vm.persistent) reasons.push(`${vm.name} has no definition that stays`);
  if (vm.snapshots.length > 0)
    reasons.push(
      `${vm.name} has ${vm.snapshots.length === 1 ? 'a snapshot: libvirt does not take it' : `${vm.snapshots.length} snapshots: libvirt does not take them`} along`,
    );
  for (const device of vm.hostDevices) reasons.push(`${vm.name} has a ${device} of its host`);
  if (isOn(vm) && vm.cpu?.startsWith('host-passthrough') && from?.cpuModel !== to.cpuModel)
    reasons.push(
      `its processor is a ${to.cpuModel}, ${vm.name} was started on a ${from?.cpuModel}`,
    );
  if (from && compareVersions(from.libvirtVersion, to.libvirtVersion) > 0 && isOn(vm))
    reasons.push(`its libvirt ${to.libvirtVersion} is older than ${from.libvirtVersion}`);
  return reasons;
}

function placeOn(host: HypervisorState, needs: Needs, { vms, isLive }: PlacementInput): Place {
  const here = vms.filter((vm) => vm.hypervisor === host.name);
  const running = here.filter(isOn);
  const usedMiB = running.reduce((sum, vm) => sum + vm.memoryMiB, HOST_MIB);
  const freeMiB = host.memoryMiB - usedMiB;
  const vcpus = running.reduce((sum, vm) => sum + vm.vcpus, 0);
  const reasons: string[] = [];
  if (!isLive(host.name)) reasons.push('it is not heard from');
  if (host.libvirt === 'lost') reasons.push('its agent does not reach libvirt');
  if (host.drained) reasons.push('it is drained');
  if (needs.memoryMiB > freeMiB)
    reasons.push(`${Math.max(0, freeMiB)} MiB are free, ${needs.memoryMiB} MiB are needed`);
  if (vcpus + needs.vcpus > host.cpus * VCPUS_PER_CPU)
    reasons.push(
      `${Math.max(0, host.cpus * VCPUS_PER_CPU - vcpus)} processors are free (${host.cpus} times ${VCPUS_PER_CPU}), ${needs.vcpus} are needed`,
    );
  for (const name of needs.networks)
    if (!host.networks.some((network) => network.name === name && network.active))
      reasons.push(`its network '${name}' is not there, or off`);
  const possible = reasons.length === 0;
  const twins = here.filter((vm) => vm.tags.some((each) => needs.tags.includes(each))).length;
  const parts = [
    part('memory', (freeMiB - needs.memoryMiB) / Math.max(1, host.memoryMiB)),
    part('processors', 1 - (vcpus + needs.vcpus) / Math.max(1, host.cpus * VCPUS_PER_CPU)),
    part('spread', 1 / (1 + twins)),
  ];
  const score = possible ? parts.reduce((sum, { points }) => sum + points, 0) : 0;
  return { hypervisor: host.name, possible, reasons, score, parts };
}

function part(name: keyof typeof WEIGHTS, share: number): { name: string; points: number } {
  return { name, points: Math.round(WEIGHTS[name] * Math.min(1, Math.max(0, share))) };
}

/** @example compareVersions('9.0.0', '10.1.0') // -1 */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
