import { runIn, type Said } from './run-skerry.ts';

/** Runs `skerry superproject` from source in a folder. */
export function sp(cwd: string, ...words: string[]): Promise<Said> {
  return runIn(cwd, ['sp', ...words]);
}
