import { join } from 'node:path';
import { shellWords } from '../../util/shell-quote.ts';
import { formatGit, formatWords } from '../format-git.ts';
import type { Network } from '../network.ts';
import { Scratch } from '../scratch.ts';
import { CALM } from './changes.ts';
import { readCheckout } from './checkout.ts';
import type { CloneOptions, CloneResult } from './clone.ts';
import { selectFrom } from './select.ts';
import { sync } from './sync.ts';

export interface ClonePlan {
  /** Of the clone of the superproject, without url and folder. */
  readonly args: readonly string[];
  /** The commands that come right after it. */
  readonly settings: readonly string[];
  readonly dir: string;
  readonly options: CloneOptions;
  /** What a clone would say of an error, when it is made in that folder. */
  readonly told: (error: unknown, place: string) => unknown;
}

const LONG_MS = 6 * 3_600_000;

/**
 * What a clone would run. The superproject's newest commit is fetched for it, into a folder that goes again; components are
 * not, so that theirs are not seen.
 *
 * @throws what a clone throws
 */
export async function planClone(
  network: Network,
  { args, settings, dir, options, told }: ClonePlan,
): Promise<CloneResult> {
  const { url, depth, reference, groups = [], ...rest } = options;
  await using scratch = await Scratch.create();
  const place = join(scratch.dir, 'plan');
  const shallow = depth === undefined ? ['--depth=1'] : [];
  try {
    const cloning = [...CALM, ...args, ...shallow, '--', url, place];
    await network.git(cloning, { url, timeoutMs: LONG_MS });
    selectFrom(await readCheckout(place, network.signal), { groups });
  } catch (error) {
    throw told(error, place);
  }
  const planned = await sync(network, place, { ...rest, depth, groups, reference });
  const commands = planned.commands.map((command) => moved(command, place, dir));
  return {
    ...planned,
    dir,
    commands: [formatGit([...args, '--', url, dir]), ...settings, ...commands],
  };
}

/** A command with another folder in its words, which are quoted anew. */
function moved(command: string, from: string, to: string): string {
  return command.replaceAll(/(?:'[^']*'|\\.|[^\s'\\])+/g, (word) =>
    word.includes(from)
      ? formatWords(shellWords(word).map((plain) => plain.replaceAll(from, to)))
      : word,
  );
}
