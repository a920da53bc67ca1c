import { sandboxStatus } from '../sandbox/gateway.ts';
import type { SandboxStatus } from '../sandbox/protocol.ts';
import { isSuspended } from '../snapshot/store.ts';
import { labPaths } from '../util/paths.ts';
import { connectLab } from '../sandbox/connect.ts';
import { type AtWork, findAtWork } from './at-work.ts';
import type { DaemonStatus } from './daemon-status.ts';
import { halfRestored } from './half-restored.ts';
import { liveStatus } from './live-control.ts';
import type { TreeState } from './live-protocol.ts';
import { observe, observeOffline } from './observe.ts';
import { isLeaving, type ObservedMachine } from './plan.ts';
import { QuickDaemons } from './quick-daemons.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';

/** One machine as `status` shows it. */
export interface MachineStatus {
  readonly name: string;
  /** absent, shutoff, suspended, starting (runs, but not ready), running, stopping, paused, crashed, ... */
  readonly state: string;
  readonly hostname: string;
  readonly address: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly image: string;
  readonly nested: boolean;
  /** Where it is nested and has been up: `svm`, `vmx`, or `no: ` and why it cannot run machines itself. */
  readonly nesting?: string;
  readonly primary: boolean;
  /** Provisioners that are due and have not succeeded in it; none where all have. */
  readonly unprovisioned?: readonly string[];
  /** In libvirt but no longer in the lab file. */
  readonly orphan: boolean;
}

export interface LabStatus {
  readonly lab: string;
  /** Of a fork, its name. */
  readonly fork?: string | undefined;
  readonly id: string;
  readonly file: string;
  readonly stateDir: string;
  readonly network: LabSpec['network'];
  readonly sandbox: SandboxStatus | undefined;
  readonly machines: readonly MachineStatus[];
  /** The daemons of the lab file in its machines; undefined where the lab is off. */
  readonly daemons?: readonly DaemonStatus[];
  /** The command that changes the lab at this moment. */
  readonly atWork?: AtWork;
  /** The snapshot that was being restored when that was interrupted; the next `up` finishes it. */
  readonly halfRestored?: string;
  /** The trees of the lab file in its machines; undefined where nobody keeps them up to date. */
  readonly trees?: readonly TreeState[] | undefined;
}

/** How the lab fares. Keeps no lock, starts nothing, and waits for daemons no longer than a moment. */
export async function labStatus(lab: LabSpec, signal?: AbortSignal): Promise<LabStatus> {
  const paths = labPaths(lab);
  const working = findAtWork(paths);
  using asked = lab.daemons.length > 0 ? new QuickDaemons(lab) : undefined;
  const sandbox = await sandboxStatus(paths.gatewaySocket);
  let observed: ObservedMachine[];
  if (sandbox && sandbox.libvirtd !== 'failed') {
    await using connection = await connectLab(paths, signal);
    observed = await observe(connection, signal);
  } else observed = asSuspended(await observeOffline(paths), await isSuspended(paths.snapshotsDir));
  const found = new Map(observed.map((machine) => [machine.name, machine]));
  const live = sandbox && lab.trees.length > 0 ? await liveStatus(paths) : undefined;
  const known = new Set(lab.machines.map(({ name }) => name));
  const half = await halfRestored(paths);
  const atWork = await working;
  const trees = live && [...live.machines, ...live.others];
  const isSending = trees?.some(({ sending }) => sending !== undefined) === true;
  const daemons = sandbox ? await asked?.take(isSending) : undefined;
  return {
    lab: lab.name,
    fork: lab.fork,
    id: paths.id,
    file: lab.file,
    stateDir: paths.dir,
    network: lab.network,
    sandbox,
    machines: [
      ...lab.machines.map((machine) => ({
        ...describe(machine, found.get(machine.name)),
        ...unprovisioned(lab, found.get(machine.name)),
      })),
      ...observed.filter(({ name }) => !known.has(name)).map(describeOrphan),
    ],
    ...(daemons && { daemons }),
    ...(atWork && { atWork }),
    ...(half && { halfRestored: half.name }),
    ...(trees && { trees }),
  };
}

/** A suspended lab has no sandbox, and its machines are not simply off. */
function asSuspended(machines: readonly ObservedMachine[], is: boolean): ObservedMachine[] {
  return machines.map((machine) => (is ? { ...machine, state: 'suspended' } : machine));
}

function describe(machine: MachineSpec, found: ObservedMachine | undefined): MachineStatus {
  const { name, hostname, address, memoryMiB, cpus, image, nested, primary } = machine;
  const nesting = nested && found?.mark?.nesting ? { nesting: found.mark.nesting } : {};
  return {
    name,
    state: stateOf(found),
    hostname,
    address,
    memoryMiB,
    cpus,
    image,
    nested,
    ...nesting,
    primary,
    orphan: false,
  };
}

/** For QEMU all of these run. Pure. */
export function stateOf(found: ObservedMachine | undefined): string {
  if (!found) return 'absent';
  if (isLeaving(found)) return 'stopping';
  const isReady = found.mark?.identity !== undefined && found.stage === 'ready';
  return found.running && !isReady ? 'starting' : found.state;
}

/** Of a machine that runs. Whether one has changed since it ran is not looked at: `up --dry-run` does. */
export function unprovisioned(
  { provision }: Pick<LabSpec, 'provision'>,
  found: Pick<ObservedMachine, 'name' | 'running' | 'mark'> | undefined,
): Pick<MachineStatus, 'unprovisioned'> {
  if (!found?.running || !found.mark) return {};
  const done = found.mark.provisioned ?? {};
  const open = provision
    .filter(({ name, run, on }) => run !== 'never' && on.includes(found.name) && !(name in done))
    .map(({ name }) => name);
  return open.length > 0 ? { unprovisioned: open } : {};
}

function describeOrphan({ name, state, mark }: ObservedMachine): MachineStatus {
  const facts = mark?.facts ?? {};
  return {
    name,
    state,
    hostname: String(facts.hostname ?? ''),
    address: String(facts.address ?? ''),
    memoryMiB: Number(facts.memoryMiB ?? 0),
    cpus: Number(facts.cpus ?? 0),
    image: mark?.image.slice(0, 12) ?? '',
    nested: facts.nested === true,
    primary: false,
    orphan: true,
  };
}
