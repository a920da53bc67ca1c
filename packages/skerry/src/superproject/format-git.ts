import { shellWord } from '../util/shell-quote.ts';
import { hideCredentials } from '../util/hide-credentials.ts';

/** The command as one can type it, without credentials. */
export function formatGit(args: readonly string[], cwd?: string): string {
  const words = cwd === undefined ? args : ['-C', cwd, ...args];
  return formatWords(['git', ...words]);
}

/** Words as one can type them, without credentials. */
export function formatWords(words: readonly string[]): string {
  return hideCredentials(words.map(shellWord).join(' '));
}
