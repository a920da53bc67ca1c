// What the commands of central and of the agent on a real host have in common.
import { resolve } from 'node:path';
import type { Command } from 'commander';

type Part = 'central' | 'agent';

/** The option that says where it is. */
export function withDir(part: Part, command: Command): Command {
  return command.option(
    '--dir <folder>',
    `where it is (default: /var/lib/skerry/${part}; of an ordinary user, in the state folder)`,
  );
}

export async function dirOf(part: Part, { dir }: { readonly dir?: string }): Promise<string> {
  const { hostDir } = await import('../util/paths.ts');
  return dir === undefined ? hostDir(part) : resolve(dir);
}

/** Resolves when somebody wants it to end. */
export function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((end) => {
    if (signal.aborted) end(undefined);
    signal.addEventListener('abort', () => end(undefined), { once: true });
  });
}
