// What tests of `skerry hack` share: a small server to restart, and what hack says.
import { poll } from '../../../packages/skerry/src/util/poll.ts';
import type { Running } from './cli.ts';

/** Says its word to whoever asks on a port; perl-base has all it needs. */
export const SERVER: string = String.raw`use strict; my $word = "WORD"; socket(my $s, 2, 1, 0); setsockopt $s, 1, 2, pack "i", 1;
bind $s, pack "S n N x8", 2, 8080, 0 or die "bind: $!"; listen $s, 5; while (accept my $c, $s) { syswrite $c, "$word\n"; close $c }`;
/** Asks it, in its machine. */
export const ASK: string = String.raw`socket(my $s, 2, 1, 0); connect $s, pack "S n N x8", 2, 8080, 0x7f000001 or die "$!"; print <$s>`;

/** A line of `hack --json`. */
export interface HackLine {
  readonly kind: string;
  readonly outcome?: string;
  readonly paths?: readonly string[];
  readonly again?: readonly string[];
  readonly failed?: readonly string[];
  readonly held?: readonly { readonly machine: string; readonly paths: readonly string[] }[];
  readonly error?: string;
  readonly output?: string;
  readonly text?: string;
  readonly machine?: string;
  readonly isRollBack?: boolean;
  readonly result?: {
    readonly daemon: string;
    readonly machine: string;
    readonly how: string;
    readonly error?: { readonly message: string };
  };
}

/** What it has said so far. */
export function linesOf(hack: Running): HackLine[] {
  return hack.said.stdout
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as HackLine);
}

/**
 * Does something, and gives what hack said of it, up to that outcome. On a busy host one save is seen as two, a file that is
 * empty and then is not: the second breaks off the first, which is no end unless it is asked for.
 */
export async function through(
  hack: Running,
  change: () => Promise<unknown>,
  outcome?: string,
): Promise<HackLine[]> {
  const before = linesOf(hack).length;
  await change();
  return poll(
    () => {
      const since = linesOf(hack).slice(before);
      const isOver = (line: HackLine): boolean =>
        outcome === undefined ? isEnd(line) : line.outcome === outcome;
      return since.some(isOver) ? since : undefined;
    },
    {
      timeoutMs: 120_000,
      onTimeout: () => new Error(`no end: ${hack.said.stdout}${hack.said.stderr}`),
    },
  );
}

/** How it ended. */
export function outcomeOf(said: readonly HackLine[]): string | undefined {
  return said.find(isEnd)?.outcome;
}

function isEnd({ kind, outcome }: HackLine): boolean {
  return kind === 'end' && outcome !== 'broken-off';
}
