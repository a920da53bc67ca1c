// Files and folders of this host into a machine: tar here, through the guest channel, into tar there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, dirname } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { provisionFailure } from './failure.ts';
import { runInGuest } from './run-in-guest.ts';
import type { ProvisionTarget } from './target.ts';

export interface Parcel {
  /** A file or folder of this host; a symbolic link to one is followed. */
  readonly from: string;
  /** Its path below the folder it is sent to. */
  readonly as: string;
  readonly isFolder: boolean;
  /** Names and patterns of tar that are left out. */
  readonly exclude?: readonly string[];
  /** `user` and `group` in the machine. */
  readonly owner?: readonly [user: string, group: string];
  /** As tar takes it. */
  readonly mode?: string;
}

/** Of a module's or a role's folder: the history is of no use there. */
export const LEFT_OUT: readonly string[] = ['.git'];

/**
 * Runs `script`, a shell script with `args`, in the machine; it finds the parcels, one after the other, as tar archives
 * on its stdin: `tar -x -i -p`.
 * @throws PROVISION_FAILED
 */
export async function sendParcels(
  provisioner: string,
  target: ProvisionTarget,
  parcels: readonly Parcel[],
  { script, args }: { readonly script: string; readonly args: readonly string[] },
): Promise<void> {
  const { exitCode, signal, tail } = await runInGuest(
    target,
    ['/bin/sh', '-euc', script, 'sh', ...args],
    { input: archives(parcels, target.signal), onLine: () => {} },
  ).catch((cause: unknown) => {
    target.signal.throwIfAborted();
    if (!(cause instanceof SkerryError) || cause.code !== 'PROGRAM_FAILED') throw cause;
    throw provisionFailure({ ...{ provisioner, target, cause }, reason: cause.message });
  });
  if (exitCode === 0) return;
  const reason = `its files could not be written (${signal ?? `exit code ${exitCode}`})`;
  throw provisionFailure({ ...{ provisioner, target, reason, tail } });
}

async function* archives(
  parcels: readonly Parcel[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  for (const parcel of parcels) yield* archive(parcel, signal);
}

async function* archive(parcel: Parcel, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const child = spawn('tar', tarArgs(parcel), {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
    env: { ...process.env, LC_ALL: 'C' },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const closed = once(child, 'close');
  // Whoever reads hears of it at the end.
  closed.catch(() => {});
  try {
    yield* child.stdout;
    const [code] = (await closed) as [number | null];
    // 1: a file changed while it was read.
    if (code === 0 || code === 1) return;
    const data = { program: 'tar', code: code ?? 'signal', reason: said.trim().slice(-600) };
    throw new SkerryError('PROGRAM_FAILED', { data });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new SkerryError('PROGRAM_MISSING', { data: { program: 'tar' }, cause });
  } finally {
    child.kill('SIGKILL');
  }
}

/** GNU tar's arguments for one parcel. Pure. */
export function tarArgs({ from, as, isFolder, exclude, owner, mode }: Parcel): string[] {
  const [user, group] = owner ?? ['root', 'root'];
  return [
    '-c',
    '--format=gnu',
    // A name is looked up in the machine; without one there it would be the number.
    `--owner=${tarOwner(user)}`,
    `--group=${tarOwner(group)}`,
    ...(mode === undefined ? [] : [`--mode=${mode}`]),
    ...(exclude ?? []).flatMap(excludeArgs),
    // Of names only, not of what symbolic links hold (S).
    `--transform=${renaming(isFolder, as)}`,
    ...(isFolder ? ['-C', from, '.'] : ['-h', '-C', dirname(from), `./${basename(from)}`]),
  ];
}

/** A number gets a name that nobody has, or tar would take that of this host, and the machine may give it to another. */
function tarOwner(name: string): string {
  return /^\d+$/.test(name) ? `0:${name}` : `${name}:0`;
}

/** In rsync's words: a slash at the end means a folder, one at the beginning the top of what is sent. */
function excludeArgs(pattern: string): string[] {
  const bare = pattern.replace(/\/+$/, '');
  return bare.startsWith('/')
    ? ['--anchored', `--exclude=.${bare}`]
    : ['--no-anchored', `--exclude=${bare}`];
}

/** A sed expression for the names in an archive, which begin with a dot. */
function renaming(isFolder: boolean, as: string): string {
  const to = as.replace(/[\\&,]/g, String.raw`\$&`);
  return isFolder ? `s,^\\.,${to},S` : `s,^.*$,${to},S`;
}
