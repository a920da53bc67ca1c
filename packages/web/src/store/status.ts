// What is written beside a dot. Pure.
import type { EntityState, VerbInfo, VmState } from '../api/types.ts';
import type { Pending } from './state.ts';

/** The look of a dot; styles/status.css has its colours. */
export type Tone = 'on' | 'paused' | 'off' | 'bad' | 'busy' | 'stale';

export interface Status {
  readonly tone: Tone;
  readonly text: string;
}

const WORDS: Readonly<Record<VmState['state'], Status>> = {
  running: { tone: 'on', text: 'running' },
  paused: { tone: 'paused', text: 'paused' },
  'shutting-down': { tone: 'busy', text: 'shutting down' },
  shutoff: { tone: 'off', text: 'off' },
  crashed: { tone: 'bad', text: 'crashed' },
  sleeping: { tone: 'paused', text: 'asleep' },
  blocked: { tone: 'on', text: 'waiting' },
  unknown: { tone: 'stale', text: 'unknown' },
};

/** What was asked for here comes first, then what somebody else does, then the state. */
export function vmStatus(
  vm: VmState,
  pending: Pending | undefined,
  verbOf: (name: string) => VerbInfo | undefined,
  user: string,
): Status {
  if (pending) return { tone: 'busy', text: `${pending.words} (you)` };
  const busy = busyWords(vm, verbOf, user);
  return busy ? { tone: 'busy', text: busy } : WORDS[vm.state];
}

/** `starting (ann)`, `migrating 42 % (you)`; undefined when nothing is being done to it. */
export function busyWords(
  { task }: EntityState,
  verbOf: (name: string) => VerbInfo | undefined,
  user: string,
): string | undefined {
  if (!task) return undefined;
  const verb = verbOf(task.verb);
  const words = verb?.pending ?? verb?.title.toLowerCase() ?? task.verb;
  const percent = task.progress === null ? '' : ` ${Math.round(task.progress * 100)} %`;
  return `${words}${percent} (${task.by === user ? 'you' : task.by})`;
}
