// One machine as libvirt has it now.
import {
  type Domain,
  type DomainSnapshot,
  type DomainStateName,
  isNotFound,
} from '@skerry/libvirt';
import { type VmPower, type VmState, vmId } from '../entity.ts';
import { all, attribute, type Element, parseXml, textOf } from '../xml/element.ts';
import { bringsAutostart, vmFromXml } from './vm-from-xml.ts';

/** What libvirt knows of a machine; the rest of its state is the agent's. */
export type ReadVm = Omit<VmState, 'hypervisor' | 'task' | 'lastChange' | 'runningSince'>;

const AGENT_CHANNEL = 'org.qemu.guest_agent.0';

const STATES: Readonly<Partial<Record<DomainStateName, VmPower>>> = {
  running: 'running',
  blocked: 'blocked',
  paused: 'paused',
  shutdown: 'shutting-down',
  shutoff: 'shutoff',
  crashed: 'crashed',
  pmsuspended: 'sleeping',
};

/** A machine that was read. */
export interface ReadDomain {
  readonly vm: ReadVm;
  readonly bringsAutostart: boolean;
  /** Whether its guest's agent listens. */
  readonly hasAgent: boolean;
}

/** Reads a domain; undefined when it is gone by now. */
export async function readVm(
  domain: Domain,
  signal?: AbortSignal,
): Promise<ReadDomain | undefined> {
  try {
    const [xml, { state, reason }, persistent, autostart, snapshots] = await Promise.all([
      domain.xml({ signal }),
      domain.state({ signal }),
      domain.isPersistent({ signal }),
      domain.autostart({ signal }).catch(() => false),
      readSnapshots(domain, signal),
    ]);
    const definition = parseXml(xml);
    const vm: ReadVm = {
      kind: 'vm',
      ...vmFromXml(definition),
      id: vmId(domain.uuid),
      uuid: domain.uuid,
      state: STATES[state] ?? 'unknown',
      reason,
      persistent,
      autostart,
      snapshots,
    };
    return { vm, bringsAutostart: bringsAutostart(definition), hasAgent: hasAgent(definition) };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function hasAgent(definition: Element): boolean {
  return all(definition, 'devices/channel/target').some(
    ({ attributes: { name, state } }) => name === AGENT_CHANNEL && state === 'connected',
  );
}

async function readSnapshots(domain: Domain, signal?: AbortSignal): Promise<VmState['snapshots']> {
  const [snapshots, current] = await Promise.all([
    domain.snapshots({ signal }).catch(() => []),
    domain.currentSnapshot({ signal }).catch(() => null),
  ]);
  const read = await Promise.all(snapshots.map((each) => readSnapshot(each, current, signal)));
  return read.toSorted((a, b) => a.createdAt - b.createdAt);
}

async function readSnapshot(
  snapshot: DomainSnapshot,
  current: DomainSnapshot | null,
  signal?: AbortSignal,
): Promise<VmState['snapshots'][number]> {
  const root = parseXml(await snapshot.xml({ signal }));
  return {
    name: snapshot.name,
    parent: textOf(root, 'parent/name'),
    createdAt: Number(textOf(root, 'creationTime') ?? 0) * 1000,
    state: textOf(root, 'state') ?? attribute(root, 'memory', 'snapshot') ?? '',
    description: textOf(root, 'description') ?? '',
    current: snapshot.name === current?.name,
  };
}
