import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { shellQuote } from '../../util/shell-quote.ts';
import { runGit, tryGit } from '../git.ts';
import { Network } from '../network.ts';
import { Changes } from './changes.ts';
import { each } from './each.ts';
import { pinsOfCommit } from './commit-pins.ts';
import { readText } from './git-dir.ts';
import { danglingPins } from './verify-pins.ts';

export type HookName = 'pre-push' | 'pre-receive';

/** A push may have thousands of commits. */
const WIDTH = 8;

const MARK = '# Written by: skerry superproject hook install';

export interface HookPlace {
  readonly hook: HookName;
  readonly file: string;
}

/** What was done, or would be. */
export interface HookChange extends HookPlace {
  readonly commands: readonly string[];
}

export interface HookOptions {
  readonly signal?: AbortSignal | undefined;
  /** Only note the commands. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Installs the check of pins: `pre-push` in a checkout, `pre-receive` in a bare repository of a server. One that somebody
 * else wrote is never replaced.
 *
 * @param program the words that start this program, as a shell reads them
 * @throws SP_HOOK_TAKEN
 */
export async function installHook(
  dir: string,
  program: readonly string[],
  options: HookOptions & {
    /** In a bare repository: its own url, which relative urls of components begin at. */
    readonly url?: string | undefined;
  } = {},
): Promise<HookChange> {
  const { signal, url, dryRun } = options;
  const place = await hookPlace(dir, signal);
  const { hook, file } = place;
  refuseOthers(file);
  const changes = new Changes(new Network({ signal, cwd: dir }), dryRun);
  const command = program.map(shellQuote).join(' ');
  const text = `#!/bin/sh\n${MARK}\nexec ${command} superproject hook ${hook} "$@"\n`;
  const shown = shellQuote(file);
  await changes.own(`printf %s ${shellQuote(text)} > ${shown}`, dir, async () => {
    await mkdir(resolve(file, '..'), { recursive: true });
    await writeFile(file, text);
  });
  await changes.own(`chmod 755 ${shown}`, dir, () => chmod(file, 0o755));
  if (url !== undefined) await changes.git(['config', 'superproject.url', url], { cwd: dir });
  return { ...place, commands: changes.commands };
}

/** Removes it; false where there was none. @throws SP_HOOK_TAKEN */
export async function removeHook(
  dir: string,
  { signal, dryRun }: HookOptions = {},
): Promise<HookChange & { readonly removed: boolean }> {
  const place = await hookPlace(dir, signal);
  const { file } = place;
  refuseOthers(file);
  const removed = readText(file) !== undefined;
  const changes = new Changes(new Network({ signal, cwd: dir }), dryRun);
  if (removed) await changes.own(`rm -- ${shellQuote(file)}`, dir, () => rm(file));
  return { ...place, removed, commands: changes.commands };
}

function refuseOthers(file: string): void {
  const text = readText(file);
  if (text !== undefined && !text.includes(MARK))
    throw new SkerryError('SP_HOOK_TAKEN', { data: { file } });
}

async function hookPlace(dir: string, signal?: AbortSignal): Promise<HookPlace> {
  const ask = async (...args: string[]): Promise<string> =>
    (await runGit(['rev-parse', ...args], { cwd: dir, signal })).toString().trimEnd();
  const hook = (await ask('--is-bare-repository')) === 'true' ? 'pre-receive' : 'pre-push';
  return { hook, file: resolve(dir, await ask('--git-path', `hooks/${hook}`)) };
}

/** The new commits in what git gives a hook on stdin (githooks(5)): pre-push names them second, and so does pre-receive. */
export function pushedCommits(input: string): readonly string[] {
  const ids = input.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
  return [...new Set(ids.filter((id) => /^[0-9a-f]{40,64}$/.test(id) && !/^0+$/.test(id)))];
}

export interface HookQuestion {
  /** The repository that has the commits. */
  readonly dir: string;
  readonly commits: readonly string[];
  /** The superproject's url, which relative urls of components begin at. */
  readonly url: string;
}

/**
 * Verifies every pin of the commits that are being pushed.
 *
 * @throws SkerryErrors of SP_PIN_DANGLING; SP_GITMODULES_INVALID; what runGit throws
 */
export async function checkPushed(
  network: Network,
  { dir, commits, url }: HookQuestion,
): Promise<number> {
  const env = { ...quarantine(), ...hookEnvironment(dir) };
  const all = await each(commits, WIDTH, (commit) =>
    pinsOfCommit({ dir, commit, url, signal: network.signal, env }),
  );
  const unique = new Map(all.flat().map((one) => [`${one.pin} ${one.remote}`, one]));
  const dangling = await danglingPins(network, [...unique.values()]);
  if (dangling.length === 0) return unique.size;
  throw new SkerryErrors(
    dangling.map(
      ({ path, pin, reason }) =>
        new SkerryError('SP_PIN_DANGLING', { data: { path, pin, reason } }),
    ),
  );
}

/** Git tells its hooks which repository they are of; by itself it may not find, or not trust, a bare one. */
export function hookEnvironment(dir: string): Readonly<Record<string, string>> {
  const gitDir = process.env['GIT_DIR'];
  return gitDir === undefined ? {} : { GIT_DIR: resolve(dir, gitDir) };
}

/** What is being received is not in the repository yet (git-receive-pack(1), "Quarantine environment"). */
function quarantine(): Readonly<Record<string, string>> {
  const names = ['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_QUARANTINE_PATH'];
  const found = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

/** The superproject's own url: of the remote that is pushed to, else what was written down, else its folder. */
export async function ownUrl(
  dir: string,
  remote: string | undefined,
  signal?: AbortSignal,
): Promise<string> {
  if (remote !== undefined) return remote;
  const args = ['config', '--get', 'superproject.url'];
  const env = hookEnvironment(dir);
  const { stdout } = await tryGit(args, { cwd: dir, env, signal, answers: [1] });
  return stdout.toString().trimEnd() || join(resolve(dir));
}
