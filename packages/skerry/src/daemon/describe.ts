import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import type { UnitState } from './state.ts';

/** In one word how a daemon fares in a machine. */
export type DaemonState =
  | 'running'
  | 'starting'
  /** It ended by itself and is about to be started again. */
  | 'restarting'
  | 'stopping'
  | 'stopped'
  | 'failed'
  /** The machine has no such unit. */
  | 'missing'
  /** The machine is off. */
  | 'off'
  /** The machine does not answer. */
  | 'silent';

export function stateOf({ load, active, sub }: UnitState, isUnit: boolean): DaemonState {
  if (isUnit && (load === 'not-found' || load === 'masked')) return 'missing';
  switch (active) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return 'running';
    case 'activating':
      return sub === 'auto-restart' ? 'restarting' : 'starting';
    case 'deactivating':
      return 'stopping';
    case 'failed':
      return 'failed';
    default:
      return 'stopped';
  }
}

/** The end of systemd's own exit codes, systemd.exec(5): what it could not do before the program began. */
const BEFORE_EXEC: Readonly<Record<number, (spec: DaemonSpec) => string>> = {
  200: ({ cwd }) => `its folder ${cwd} cannot be entered`,
  203: ({ command }) => `its program ${command?.[0]} cannot be run`,
  216: ({ user }) => `its user ${user} has no group`,
  217: ({ user }) => `there is no user ${user}`,
};

/** How a daemon ended, as the end of a sentence: `exit code 3`. */
export function formatExit(
  { exit, result }: Pick<UnitState, 'exit' | 'result'>,
  signalName: (number: number) => string,
): string {
  const how =
    exit === undefined
      ? result || 'unknown'
      : 'code' in exit
        ? `exit code ${exit.code}`
        : signalName(exit.signal);
  return exit !== undefined && SAYS_MORE.has(result) ? `${how}, ${result}` : how;
}

const SAYS_MORE = new Set(['timeout', 'oom-kill', 'watchdog', 'start-limit-hit', 'resources']);

/** Why a daemon that was just started does not run, as the end of the sentence "api on agent_1 ...". */
export function whyDead(
  spec: DaemonSpec,
  state: UnitState,
  signalName: (number: number) => string,
): string {
  const code = state.exit && 'code' in state.exit ? state.exit.code : undefined;
  const before = code !== undefined && spec.command ? BEFORE_EXEC[code] : undefined;
  // It runs again by now, and how the first run ended is not to be had.
  if (!state.exit && state.active.startsWith('activ'))
    return 'ended at once, and systemd has started it again';
  const how = formatExit(state, signalName);
  return before ? `cannot be started: ${before(spec)} (${how})` : `ended at once (${how})`;
}
