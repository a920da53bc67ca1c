import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SkerryError } from '../util/errors.ts';
import type { LabRecord } from '../lab/record.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { LabPaths } from '../util/paths.ts';
import {
  type CommonOptions,
  forkOf,
  interruptible,
  labelOf,
  labOf,
  printJson,
  resumable,
  withExample,
  withJson,
  withLab,
} from './common.ts';
import { confirm } from './confirm.ts';

interface Options extends CommonOptions {
  readonly yes?: boolean;
  readonly id?: string;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine...]', 'names or /regular expressions/ (default: the whole lab)')
    .option('-y, --yes', 'do not ask')
    .option('--id <id>', 'a lab whose folder is gone, by its id from global-status')
    .action(run);
  withExample(
    command,
    '$ skerry destroy --yes',
    '$ skerry destroy agent_2',
    '$ skerry destroy --lab try1      # a fork',
    '$ skerry destroy --id storage-6f1c02',
  );
}

async function run(args: string[], options: Options): Promise<void> {
  const signal = interruptible(resumable('destroy', options));
  const { paths, machines, name, lab } = await target(args, options);
  const { existsSync } = await import('node:fs');
  const what = machines.length > 0 ? machines.join(', ') : `lab ${name}`;
  if (!existsSync(paths.dir)) {
    if (options.json) printJson({ destroyed: [] });
    else console.log(`Nothing to destroy: ${what} does not exist.`);
    return;
  }
  if (!options.yes)
    await confirm(
      `Destroy ${what} with all disks${machines.length > 0 ? '' : await along(paths)}?`,
      'skerry destroy',
    );
  const { destroy } = await import('../lab/destroy.ts');
  const { progressView } = await import('./progress-view.ts');
  const view = progressView();
  await destroy(paths, { machines, lab, signal, onProgress: view.onProgress }).finally(view.end);
  if (options.json) printJson({ destroyed: machines.length > 0 ? machines : [name] });
  else {
    const { listKept } = await import('../lab/kept-store.ts');
    const isKept =
      machines.length === 0 && (await listKept()).some(({ lab: id }) => id === paths.id);
    const kept =
      ' As it was provisioned it is kept for its next up; to remove that: skerry image gc --all';
    console.log(`Destroyed ${what}.${isKept ? kept : ''}`);
  }
}

async function target(
  args: readonly string[],
  options: Options,
): Promise<{ paths: LabPaths; machines: string[]; name: string; lab?: LabSpec | undefined }> {
  const { labPaths, labPathsById } = await import('../util/paths.ts');
  if (options.id !== undefined) {
    const { listRecords } = await import('../lab/record.ts');
    const record = (await listRecords()).find(({ id }) => id === options.id);
    if (!record) throw new SkerryError('LAB_UNKNOWN', { data: { id: options.id } });
    return { paths: labPathsById(record.id), machines: [...args], name: record.name };
  }
  const fork = await forkOf(options);
  if (fork && args.length === 0) {
    const lab = await labOf(options).catch(() => undefined);
    return { paths: labPathsById(fork.id), machines: [], name: labelOf(fork), lab };
  }
  const lab = await labOf(options).catch(async (error: unknown) => {
    // A file that is wrong by now must not keep its lab alive.
    const record = args.length === 0 ? await onlyRecordOf(options.lab ?? '.') : undefined;
    if (!record) throw error;
    return record;
  });
  if ('id' in lab) return { paths: labPathsById(lab.id), machines: [], name: lab.name };
  const { machineNames } = await import('../lab-file/select.ts');
  const paths = labPaths(lab);
  // Machines that left the file can be named as well.
  const { labStatus } = await import('../lab/status.ts');
  const orphans =
    args.length === 0 ? [] : (await labStatus(lab)).machines.filter(({ orphan }) => orphan);
  const gone = args.filter((arg) => orphans.some(({ name }) => name === arg));
  const rest = args.filter((arg) => !gone.includes(arg));
  return {
    paths,
    machines: [...gone, ...(rest.length > 0 ? machineNames(lab, rest) : [])],
    name: lab.name,
    lab,
  };
}

/** What else goes with a whole lab, and what stays. */
async function along({ snapshotsDir, id }: LabPaths): Promise<string> {
  const { listSnapshots } = await import('../snapshot/store.ts');
  const { listForks } = await import('../lab/forks.ts');
  const snapshots = (await listSnapshots(snapshotsDir)).length;
  const forks = (await listForks()).filter((fork) => fork.id.startsWith(`${id}@`));
  const going =
    snapshots === 0
      ? ''
      : ` and ${snapshots === 1 ? 'its snapshot' : `its ${snapshots} snapshots`}`;
  const staying = forks.length === 0 ? '' : `; ${forks.map(labelOf).join(', ')} stay`;
  return going + staying;
}

/** The lab made from the file at this place or in this folder, where there is just one. */
async function onlyRecordOf(place: string): Promise<LabRecord | undefined> {
  const { listRecords } = await import('../lab/record.ts');
  const found = (await listRecords()).filter(({ dir, file }) =>
    [dir, file].includes(resolve(place)),
  );
  return found.length === 1 ? found[0] : undefined;
}
