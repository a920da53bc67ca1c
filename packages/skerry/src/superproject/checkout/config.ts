import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { SkerryError } from '../../util/errors.ts';
import { runGit } from '../git.ts';
import { type KeyChange, setKeys } from '../edit-gitmodules.ts';

/** Git's configuration as it holds in one repository: the last value of each key, by its canonical name. */
export type Config = ReadonlyMap<string, string>;

/** Reads all scopes with one process. Keys are as `git config --list` gives them: `submodule.NAME.url`. */
export async function readConfig(root: string, signal?: AbortSignal): Promise<Config> {
  const out = await runGit(['config', '--list', '-z'], { cwd: root, signal });
  return parseConfigList(out.toString());
}

/** @example parseConfigList('remote.origin.url\nssh://x\0').get('remote.origin.url') // 'ssh://x' */
export function parseConfigList(text: string): Config {
  const config = new Map<string, string>();
  for (const entry of text.split('\0')) {
    const at = entry.indexOf('\n');
    // A key without `=` is true (git-config(1)).
    if (at >= 0) config.set(entry.slice(0, at), entry.slice(at + 1));
    else if (entry !== '') config.set(entry, 'true');
  }
  return config;
}

/**
 * Changes `submodule.NAME.KEY` in a configuration file, all at once: `git config` would take a process for each, one after
 * another. Under git's own lock (FILE.lock, lockfile API), so that no change of a git that runs beside us is lost.
 *
 * @throws SP_CONFIG_LOCKED
 */
export async function changeConfig(file: string, changes: readonly KeyChange[]): Promise<void> {
  if (changes.length > 0) await editFile(file, (text) => setAll(text, changes));
}

/** Sections that are new go to the end without reading all the rest again for each: hundreds come at once. */
function setAll(text: string, changes: readonly KeyChange[]): string {
  const isNew = ({ name }: KeyChange): boolean =>
    !text.includes(`"${name.replace(/["\\]/g, '\\$&')}"`);
  const sections = new Map<string, KeyChange[]>();
  for (const change of changes.filter(isNew))
    sections.set(change.name, [...(sections.get(change.name) ?? []), change]);
  const old = changes.filter((change) => !isNew(change));
  const added = [...sections.values()].map((section) => setKeys('', section));
  const kept = setKeys(text, old);
  return [kept === '' || kept.endsWith('\n') ? kept : `${kept}\n`, ...added].join('');
}

/** The same for any change of the text. */
export async function editFile(file: string, change: (text: string) => string): Promise<void> {
  const lock = `${file}.lock`;
  const handle = await takeLock(lock);
  try {
    const text = await readFile(file, 'utf8').catch(() => '');
    await handle.writeFile(change(text));
    const mode = await stat(file).catch(() => undefined);
    if (mode) await handle.chmod(mode.mode);
    await handle.close();
    await rename(lock, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(lock, { force: true });
    throw error;
  }
}

const LOCK_TRIES = 50;
const LOCK_PAUSE_MS = 100;

async function takeLock(lock: string): ReturnType<typeof open> {
  for (let tries = 1; ; tries++) {
    try {
      return await open(lock, 'wx');
    } catch (cause) {
      const isHeld = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      if (!isHeld) throw cause;
      if (tries >= LOCK_TRIES) throw new SkerryError('SP_CONFIG_LOCKED', { data: { lock }, cause });
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
    }
  }
}
