import { formatSetting } from './format-config.ts';
import { tryGit } from './git.ts';

/** Keys that say how remotes are reached (git-config(1)); nothing of a repository's own, such as core.worktree. */
const OF_REMOTES = /^(?:(?:url|http|credential|protocol)\..+|core\.sshcommand|ssh\.variant)$/;

export interface ConfigQuestion {
  /** A checkout, or any folder. */
  readonly cwd: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A repository of ours, in which all that is the user's holds too. */
  readonly elsewhere: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the configuration of a checkout says of remotes and that of the user does not: the text of a configuration file
 * with it. What the user's says would count twice, and hosts refuse a header that comes twice.
 */
export async function remoteConfig(question: ConfigQuestion): Promise<string> {
  const { cwd, env, elsewhere, signal } = question;
  const list = async (where: { cwd?: string | undefined; env?: ConfigQuestion['env'] }) => {
    const args = ['config', '--list', '-z', '--show-origin', '--includes'];
    const { stdout } = await tryGit(args, { ...where, signal, answers: [1, 128] });
    return entriesOf(stdout.toString());
  };
  const [here, there] = await Promise.all([list({ cwd, env }), list({ cwd: elsewhere })]);
  const known = new Set(there.map((entry) => JSON.stringify(entry)));
  return here
    .filter((entry) => OF_REMOTES.test(entry.key) && !known.has(JSON.stringify(entry)))
    .map(({ key, value }) => formatSetting(key, value))
    .join('');
}

interface Entry {
  readonly origin: string;
  readonly key: string;
  /** None where only the key is written, which is true. */
  readonly value: string | undefined;
}

function entriesOf(text: string): Entry[] {
  const words = text.split('\0');
  const entries: Entry[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [origin = '', entry = ''] = words.slice(at, at + 2);
    const end = entry.indexOf('\n');
    const key = end < 0 ? entry : entry.slice(0, end);
    entries.push({ origin, key, value: end < 0 ? undefined : entry.slice(end + 1) });
  }
  return entries;
}
