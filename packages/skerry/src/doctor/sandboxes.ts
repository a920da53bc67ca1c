import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listRecords } from '../lab/record.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import type { HostUser } from '../sandbox/host-user.ts';
import { isSandboxAlive } from '../sandbox/sandbox.ts';
import { labPaths, labPathsById, stateDir } from '../util/paths.ts';
import { type Finding, ok, type Patient } from './check.ts';
import { isAlive } from '../util/is-alive.ts';

const SILENCE_MS = 2000;

/** One folder below `labs` in the state folder. */
export interface LabFolder {
  readonly id: string;
  readonly path: string;
  /**
   * silent: processes hold its lock, but no supervisor answers. leftover: what an interrupted destroy left.
   * unknown: without a record, so no command can name it.
   */
  readonly state: 'running' | 'off' | 'broken' | 'silent' | 'leftover' | 'unknown';
  readonly isFileGone: boolean;
}

export async function checkSandboxes({ user, lab }: Patient): Promise<Finding> {
  const ids = await readdir(join(stateDir(), 'labs')).catch(() => []);
  const files = new Map((await listRecords()).map(({ id, file }) => [id, file]));
  const folders = await Promise.all(ids.map((id) => folderOf(id, files.get(id))));
  return sandboxesFinding(
    folders.filter((folder) => folder !== undefined),
    user,
    lab && labPaths(lab).id,
  );
}

export function sandboxesFinding(
  folders: readonly LabFolder[],
  user: HostUser,
  ownId?: string,
): Finding {
  const troubles = folders.flatMap((folder) => troubleOf(folder, user, ownId));
  const running = folders.filter(({ state }) => state === 'running').length;
  const off = folders.filter(({ state }) => state === 'off').length;
  if (troubles.length === 0) return ok(`${running} running, ${off} off`);
  return {
    level: troubles.some(({ isError }) => isError) ? 'error' : 'warning',
    finding: troubles.map(({ finding }) => finding).join('; '),
    remedy: troubles.map(({ remedy }) => remedy),
  };
}

interface Trouble {
  readonly finding: string;
  readonly remedy: string;
  readonly isError: boolean;
}

function troubleOf(
  { id, path, state, isFileGone }: LabFolder,
  user: HostUser,
  ownId: string | undefined,
): Trouble[] {
  const inside = user.isRoot ? '' : 'unshare --user --map-root-user --map-auto ';
  const remove = `${inside}rm -rf -- '${path}'`;
  const trouble = (finding: string, remedy: string, isError = false): Trouble[] => [
    { finding, remedy, isError },
  ];
  if (state === 'leftover') return trouble(`${id} is the rest of an interrupted destroy`, remove);
  if (state === 'unknown')
    return trouble(`${id} has no lab.json, so no command can use it`, remove);
  if (isFileGone)
    return trouble(`the lab file of ${id} is gone`, `skerry destroy --yes --id ${id}`);
  const restart = id === ownId ? 'skerry halt --force' : `skerry destroy --yes --id ${id}`;
  if (state === 'silent')
    return trouble(`${id} has processes, but its supervisor is silent`, restart, id === ownId);
  if (state === 'broken') return trouble(`libvirtd of ${id} does not run`, restart, id === ownId);
  return [];
}

async function folderOf(id: string, file: string | undefined): Promise<LabFolder | undefined> {
  const paths = labPathsById(id);
  const folder = { id, path: paths.dir, isFileGone: file !== undefined && !existsSync(file) };
  const [, destroyer] = /\.destroyed-(\d+)$/.exec(id) ?? [];
  // A destroy that still runs is no trouble.
  if (destroyer) return isAlive(Number(destroyer)) ? undefined : { ...folder, state: 'leftover' };
  if (file === undefined) return { ...folder, state: 'unknown' };
  const patience = new Promise<'silent'>((resolve) => {
    setTimeout(() => resolve('silent'), SILENCE_MS).unref();
  });
  const status = await Promise.race([
    sandboxStatus(paths.gatewaySocket).catch(() => 'silent' as const),
    patience,
  ]);
  if (status === 'silent') return { ...folder, state: 'silent' };
  if (status) return { ...folder, state: status.libvirtd === 'failed' ? 'broken' : 'running' };
  if (!(await isSandboxAlive(paths))) return { ...folder, state: 'off' };
  return { ...folder, state: await lateAnswer(paths.gatewaySocket) };
}

/** A sandbox that is just starting holds its lock before it answers. */
async function lateAnswer(socket: string): Promise<LabFolder['state']> {
  await new Promise((resolve) => {
    setTimeout(resolve, 1000);
  });
  return (await sandboxStatus(socket).catch(() => undefined)) ? 'running' : 'silent';
}
