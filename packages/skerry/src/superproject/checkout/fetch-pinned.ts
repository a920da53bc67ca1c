import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { shownUrl } from '../module-url.ts';
import { keepRef } from '../tracked.ts';
import type { Changes } from './changes.ts';
import { readText } from './git-dir.ts';
import { hasCommit } from './objects-here.ts';

export interface FetchQuestion {
  /** Where git runs: the work tree, or a new git directory. */
  readonly cwd: string;
  /** The directory with its config and objects. */
  readonly commonDir: string;
  readonly path: string;
  readonly url: string;
  readonly pin: string;
  readonly depth?: number | undefined;
}

/**
 * Fetches a pin with the branches, over one connection: by its id, which protocol v2 serves whatever ref it is on. A
 * server that refuses is asked again for what may lead to it: branches, tags and the pin's keep ref.
 *
 * @throws SP_PIN_MISSING, and what runGit throws
 */
export async function fetchPinned(changes: Changes, question: FetchQuestion): Promise<void> {
  const { cwd, commonDir, path, url, pin, depth } = question;
  const remote = remoteOf(commonDir);
  const call = { url, cwd, about: path };
  const shallow = depth ?? (existsSync(join(commonDir, 'shallow')) ? 1 : undefined);
  const options = ['--quiet', ...(shallow === undefined ? [] : [`--depth=${shallow}`])];
  if (remote === undefined) {
    await changes.remote(['fetch', ...options, '--', url, pin], call);
    return;
  }
  try {
    // One more refspec beside those of the configuration: `fetch origin PIN` would leave the branches as they were.
    const more = ['-c', `remote.${remote}.fetch=${pin}`];
    await changes.remote([...more, 'fetch', ...options, '--', remote], call);
  } catch (error) {
    if (!(error instanceof SkerryError) || error.code !== 'SP_GIT') throw error;
    await fetchAround(changes, question, { remote, options, refusal: error });
  }
}

interface Refused {
  readonly remote: string;
  readonly options: readonly string[];
  readonly refusal: SkerryError;
}

async function fetchAround(
  changes: Changes,
  { cwd, path, url, pin }: FetchQuestion,
  { remote, options, refusal }: Refused,
): Promise<void> {
  // A pattern, for a ref that may be missing.
  const keep = `${keepRef(pin)}*`;
  const args = ['-c', `remote.${remote}.fetch=+${keep}:${keep}`, 'fetch', '--tags', ...options];
  await changes.remote([...args, '--', remote], { url, cwd, about: path });
  if (await hasCommit(pin, { cwd, signal: changes.signal })) return;
  const reason = String(refusal.data['reason'] ?? refusal.message);
  const isOld = /unadvertised/i.test(reason);
  throw new SkerryError('SP_PIN_MISSING', {
    data: {
      path,
      pin,
      url: shownUrl(url),
      reason,
      advice: isOld
        ? `the server speaks an old protocol, which serves only what is on a branch or tag: give the pin a tag; see: skerry superproject doctor`
        : `whoever pinned it has to push it: in their checkout, skerry superproject push`,
    },
    cause: refusal,
  });
}

/** The remote that a component is fetched from: origin, else its first. Read from the file, for it is asked often. */
export function remoteOf(commonDir: string): string | undefined {
  const text = readText(join(commonDir, 'config')) ?? '';
  const names = [...text.matchAll(/^\s*\[remote "((?:[^"\\]|\\.)+)"\]/gm)].map(([, name]) => name);
  return names.includes('origin') ? 'origin' : names[0];
}
