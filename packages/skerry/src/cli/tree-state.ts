// How trees are called and how they fare, in the words of `status` and `sync`.
import { styleText } from 'node:util';
import type { TreeState } from '../lab/live-protocol.ts';
import { isUp } from '../lab/is-up.ts';
import { percentOf } from '../lab/percent.ts';
import { treeName } from '../lab/tree-name.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { IS_OFF } from '../util/why-away.ts';
import { aboutLab } from './common.ts';
import { some } from './some.ts';

/** Machines that are off, by name, and why: such as `off`. */
export type Away = ReadonlyMap<string, string>;

/** One line a tree, or several where machines have it in different states. Pure but for the folder it is seen from. */
export function treeLines(
  { trees, fork }: Pick<LabSpec, 'trees' | 'fork'>,
  states: readonly TreeState[],
  away: Away,
): string[] {
  return trees.flatMap((tree) => {
    const { mode, to, on } = tree;
    const machines = new Map<string, string[]>();
    for (const machine of on) {
      const state = states.find((one) => one.to === to && one.machine === machine);
      const words =
        mode === 'pull' && fork !== undefined
          ? styleText('dim', `stays in the fork: skerry sync${aboutLab({ fork })} --into FOLDER`)
          : state
            ? stateWords(state, away)
            : styleText(
                'yellow',
                fork === undefined
                  ? 'not kept up to date: skerry up or skerry hack goes on with it, skerry sync brings it once'
                  : `not kept up to date: skerry sync${aboutLab({ fork })} brings it once`,
              );
      machines.set(words, [...(machines.get(words) ?? []), machine]);
    }
    return [...machines].map(
      ([words, names]) => `Tree: ${treeName(tree, names.join(','), process.cwd())}, ${words}`,
    );
  });
}

/** How a tree fares that is kept up to date. */
export function stateWords(state: TreeState, away: Away): string {
  const {
    mode,
    machine,
    connected,
    reason,
    refused,
    refusals = [],
    sending,
    problem,
    held,
  } = state;
  const off = away.get(machine);
  if (!connected && off !== undefined) return styleText('yellow', off);
  if (problem !== undefined) return styleText('red', problem);
  // It was off when it was looked for last, and is not any more.
  const why = reason === IS_OFF ? 'it boots' : reason;
  if (!connected) return styleText('yellow', `not reached: ${why}`);
  if (refused > 0) {
    const some = refusals.map(({ path, reason: why }) => `${path} (${why})`).join(', ');
    const more = refused > refusals.length ? '; more in skerry logs --system' : '';
    return styleText('red', `${refused} not written${some && `: ${some}`}${more}`);
  }
  if (sending) {
    const { path, files, bytes, of } = sending;
    const what = files === 1 ? path : `${files} files`;
    return styleText('yellow', `sending ${what} ${percentOf(bytes, of)} %`);
  }
  if (held) return styleText('yellow', `held back by skerry hack: ${some(held)}`);
  return styleText('green', mode === 'share' ? 'shared' : 'up to date');
}

/** What is said of machines that do not run; of those that do, nothing. Pure. */
export function awayWords(
  machines: readonly { readonly name: string; readonly state: string }[],
  { fork }: Pick<LabSpec, 'fork'>,
): Away {
  const gone = machines.filter(({ state }) => !isUp(state));
  return new Map(
    gone.map(({ name, state }) => {
      const word = state === 'shutoff' ? 'off' : state === 'absent' ? 'not made yet' : state;
      return [name, `${name} is ${word}: skerry up${aboutLab({ fork })} ${name}`];
    }),
  );
}
