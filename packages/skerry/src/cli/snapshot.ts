import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { RestoreResult } from '../lab/snapshot-restore.ts';
import type { SnapshotSummary } from '../lab/snapshots.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { PUSHED, type Snapshot } from '../snapshot/store.ts';
import { formatMachines, formatMiB, formatSeconds } from './amounts.ts';
import {
  aboutLab,
  type CommonOptions,
  interruptible,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';
import { progressView } from './progress-view.ts';
import { formatTable } from './table.ts';

interface SaveFlags extends CommonOptions {
  readonly message?: string;
}
interface RestoreFlags extends CommonOptions {
  readonly cold?: boolean;
  readonly timings?: boolean;
}

const UNHARMED = 'the lab goes on as before, and no half of a snapshot is left';
const REPEAT = 'the snapshot is whole; restore it again, or: skerry up';

export function define(command: Command): void {
  const sub = (name: string, description: string): Command =>
    withJson(withLab(command.command(name).description(description)));
  const message = ['-m, --message <text>', 'a note on it, shown by list and show'] as const;
  const timings = ['--timings', 'show how long each machine took in each phase'] as const;
  const save = sub('save', 'Save memory and disks of all machines at one instant.');
  save
    .argument('<name>', 'how to call it')
    .option(...message)
    .action(runSave);
  withExample(save, "$ skerry snapshot save ready -m 'cluster formed'");
  const restore = sub('restore', 'Put the lab back to a snapshot; what happened since is gone.');
  restore.argument('<name>', 'see: skerry snapshot list');
  restore.option('--cold', 'the disks only; the machines are left off');
  restore.option(...timings).action(runRestore);
  withExample(restore, '$ skerry snapshot restore ready');
  withExample(
    sub('list', 'List the snapshots of the lab.').action(runList),
    '$ skerry snapshot list',
  );
  const show = sub('show', 'Show what is in a snapshot.').argument('<name>', 'its name');
  withExample(show.action(runShow), '$ skerry snapshot show ready');
  const remove = sub('delete', 'Remove snapshots; the lab is not touched.');
  remove.argument('<name...>', 'their names').action(runDelete);
  withExample(remove, '$ skerry snapshot delete ready');
  const push = sub('push', 'Save on top of a stack, without a name.').option(...message);
  withExample(push.action(runPush), '$ skerry snapshot push && ./break-it; skerry snapshot pop');
  const pop = sub('pop', 'Restore the top of the stack and remove it.').option(...timings);
  withExample(pop.action(runPop), '$ skerry snapshot pop');
  withExample(command, '$ skerry snapshot save ready', '$ skerry snapshot restore ready');
}

async function runSave(name: string, flags: SaveFlags): Promise<void> {
  const { saveSnapshot } = await import('../lab/snapshot-save.ts');
  await save(flags, (lab, options) => saveSnapshot(lab, name, options));
}

async function runPush(flags: SaveFlags): Promise<void> {
  const { pushSnapshot } = await import('../lab/snapshots.ts');
  await save(flags, pushSnapshot);
}

async function save(
  flags: SaveFlags,
  work: (
    lab: LabSpec,
    options: import('../lab/snapshot-save.ts').SnapshotOptions,
  ) => Promise<Snapshot>,
): Promise<void> {
  const signal = interruptible(UNHARMED);
  const lab = await labOf(flags);
  const view = progressView();
  const options = { signal, description: flags.message, onProgress: view.onProgress };
  const snapshot = await work(lab, options).finally(view.end);
  if (flags.json) return printJson(snapshot);
  const { name, machines, pauseMs } = snapshot;
  console.log(
    `Saved ${name}: ${formatMachines(machines.length)}, which stood still for ${formatSeconds(pauseMs)}. Back to it with: ${back(name)}${aboutLab(lab)}`,
  );
}

async function runRestore(name: string, flags: RestoreFlags): Promise<void> {
  const { restoreSnapshot } = await import('../lab/snapshot-restore.ts');
  await restore(flags, (lab, options) => restoreSnapshot(lab, name, options));
}

async function runPop(flags: RestoreFlags): Promise<void> {
  const { popSnapshot } = await import('../lab/snapshots.ts');
  await restore(flags, popSnapshot);
}

async function restore(
  flags: RestoreFlags,
  work: (
    lab: LabSpec,
    options: import('../lab/snapshot-restore.ts').RestoreOptions,
  ) => Promise<RestoreResult>,
): Promise<void> {
  const signal = interruptible(REPEAT);
  const lab = await labOf(flags);
  const view = progressView();
  const cold = flags.cold === true;
  const result = await work(lab, { signal, cold, onProgress: view.onProgress }).finally(view.end);
  if (flags.json) return printJson(result);
  const { snapshot, elapsedMs } = result;
  const isOff = cold || snapshot.machines.every(({ state }) => state === 'shutoff');
  const next = isOff ? ` The machines are off; boot them with: skerry up${aboutLab(lab)}` : '';
  console.log(
    `Restored ${snapshot.name} (${when(snapshot)}): ${formatMachines(snapshot.machines.length)} in ${formatSeconds(elapsedMs)}.${next}`,
  );
  if (flags.timings) console.log((await import('./format-timings.ts')).formatTimings(result));
}

async function runList(flags: CommonOptions): Promise<void> {
  const lab = await labOf(flags);
  const { snapshotsOf } = await import('../lab/snapshots.ts');
  const snapshots = await snapshotsOf(lab);
  if (flags.json) return printJson(snapshots);
  if (snapshots.length === 0)
    return console.log('No snapshots yet. Make one with: skerry snapshot save NAME');
  const rows = snapshots.map((snapshot) => [
    snapshot.name,
    when(snapshot),
    String(snapshot.machines.length),
    formatMiB(snapshot.bytes),
    formatSeconds(snapshot.pauseMs),
    snapshot.description ?? styleText('dim', '-'),
  ]);
  console.log(formatTable(['SNAPSHOT', 'TAKEN', 'MACHINES', 'MEMORY', 'PAUSE', 'NOTE'], rows));
}

async function runShow(name: string, flags: CommonOptions): Promise<void> {
  const lab = await labOf(flags);
  const { snapshotOf } = await import('../lab/snapshots.ts');
  const snapshot = await snapshotOf(lab, name);
  if (flags.json) return printJson(snapshot);
  console.log(formatSnapshot(snapshot));
}

function formatSnapshot(snapshot: SnapshotSummary): string {
  const { name, description, machines, pauseMs, bytes, accel } = snapshot;
  const under = accel === 'kvm' ? 'KVM' : 'emulation';
  const facts = `${when(snapshot)}, under ${under}, paused for ${formatSeconds(pauseMs)}, ${formatMiB(bytes)} of memory on disk`;
  const rows = machines.map((machine) => [machine.name, machine.state, `${machine.memoryMiB} MiB`]);
  return [
    `${styleText('bold', name)}  ${styleText('dim', facts)}`,
    ...(description === undefined ? [] : [description]),
    formatTable(['MACHINE', 'STATE', 'MEMORY'], rows),
  ].join('\n');
}

async function runDelete(names: string[], flags: CommonOptions): Promise<void> {
  const signal = interruptible();
  const lab = await labOf(flags);
  const { deleteSnapshots } = await import('../lab/snapshots.ts');
  await deleteSnapshots(lab, names, { signal });
  if (flags.json) printJson({ deleted: names });
  else console.log(`Deleted ${names.join(', ')}.`);
}

function back(name: string): string {
  return PUSHED.test(name) ? 'skerry snapshot pop' : `skerry snapshot restore ${name}`;
}

function when({ taken }: Snapshot): string {
  return taken.slice(0, 19).replace('T', ' ');
}
