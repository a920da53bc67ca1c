import type { Actor } from '../../bus/messages.ts';
import type { EntityState } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import type { Central, Target } from '../central.ts';

/** What a handler of central may use. */
export interface CentralContext {
  readonly central: Central;
  readonly target: Target;
  readonly by: Actor;
  readonly id: string;
  readonly signal: AbortSignal;
  /** Names the login of who asks; see Users.sessionOf. */
  readonly session?: string | undefined;
  /** What is to be noted beside that it was done. */
  readonly say: (words: string) => void;
}

export type CentralHandler = (context: CentralContext, params: never) => Promise<unknown>;

/** The machine or hypervisor that a verb is for. */
export function entityOf({ target }: CentralContext): EntityState {
  if (target === 'central') throw new VerbError('invalid', 'this is for a machine or a hypervisor');
  return target;
}
