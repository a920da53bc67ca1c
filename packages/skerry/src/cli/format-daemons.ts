import { styleText } from 'node:util';
import type { DaemonStatus } from '../lab/daemon-status.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { aboutLab } from './common.ts';

/** One line a daemon, which says where it does not run, and what then helps. */
export function formatDaemons(
  daemons: readonly DaemonStatus[],
  lab: Pick<LabSpec, 'fork'>,
): string[] {
  return [...new Set(daemons.map(({ daemon }) => daemon))].map((name) => {
    const rows = daemons.filter(({ daemon }) => daemon === name);
    const byWords = new Map<string, DaemonStatus[]>();
    for (const row of rows)
      byWords.set(paintDaemon(row), [...(byWords.get(paintDaemon(row)) ?? []), row]);
    const on = (some: readonly DaemonStatus[]): string =>
      some.length > 2 ? `${some.length} machines` : some.map(({ machine }) => machine).join(', ');
    const parts = [...byWords];
    const [only] = parts;
    const said =
      parts.length === 1 && only
        ? ` on ${on(only[1])}, ${only[0]}`
        : ` ${parts.map(([words, some]) => `${words} on ${on(some)}`).join(', ')}`;
    return `Daemon: ${name}${said}${adviceFor(name, rows, lab)}`;
  });
}

/** How it fares, in the colour of that. */
export function paintDaemon({ state, lastExit }: DaemonStatus): string {
  switch (state) {
    case 'running':
      return styleText('green', state);
    case 'failed':
    case 'missing':
      return styleText('red', withExit(state, lastExit));
    case 'stopped':
      return styleText('dim', lastExit === undefined ? 'not started' : state);
    case 'off':
      return styleText('dim', 'machine off');
    case 'silent':
      return styleText('yellow', 'no answer yet');
    default:
      return styleText('yellow', withExit(state, lastExit));
  }
}

function withExit(state: string, lastExit: string | undefined): string {
  return lastExit === undefined ? state : `${state} (${lastExit})`;
}

function adviceFor(
  name: string,
  rows: readonly DaemonStatus[],
  lab: Pick<LabSpec, 'fork'>,
): string {
  const has = (...states: DaemonStatus['state'][]): boolean =>
    rows.some(({ state }) => states.includes(state));
  const of = aboutLab(lab);
  if (has('failed', 'restarting')) return `: skerry daemons logs${of} ${name}`;
  return has('silent', 'missing') ? `: skerry daemons status${of}` : '';
}
