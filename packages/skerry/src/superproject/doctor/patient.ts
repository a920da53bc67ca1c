import type { SkerryError } from '../../util/errors.ts';
import type { Changes } from '../checkout/changes.ts';
import type { Checkout, CheckoutComponent } from '../checkout/checkout.ts';
import type { Network } from '../network.ts';
import type { PinnedComponent } from '../read-superproject.ts';
import type { Refs } from '../remote-refs.ts';
import type { Scratch } from '../scratch.ts';
import type { PainId } from './pains.ts';

/** A component, on its remote and perhaps in a checkout. */
export type PatientComponent = PinnedComponent & Partial<CheckoutComponent>;

/** What a remote says of its refs, or why it does not. */
export interface Answer {
  readonly refs: Refs;
  /** Its default branch. */
  readonly head: string | undefined;
  readonly error?: SkerryError;
}

/** What checks look at. */
export interface Patient {
  readonly network: Network;
  readonly scratch: Scratch;
  /** The superproject's. */
  readonly url: string;
  /** Its branch, for `branch = .`. */
  readonly branch: string | undefined;
  /** None with `--url`. */
  readonly checkout: Checkout | undefined;
  readonly components: readonly PatientComponent[];
  /** All paths of the superproject's tree. */
  readonly files: readonly string[];
  /** By the component's name; empty when remotes are not asked. */
  readonly answers: ReadonlyMap<string, Answer>;
}

export interface Finding {
  readonly pain: PainId;
  /** A note is nothing wrong, and does not count for the exit code. */
  readonly level: 'problem' | 'note';
  /** The component's path; none for what is about all. */
  readonly path?: string | undefined;
  /** A sentence without its full stop. */
  readonly message: string;
  /** The next thing to type, or to do. */
  readonly hint?: string | undefined;
  /** What `--fix` does; none where it cannot. */
  readonly fix?: ((changes: Changes) => Promise<void>) | undefined;
}

export type Check = (patient: Patient) => Promise<readonly Finding[]> | readonly Finding[];

/** A component with its clone in the checkout. */
export type PresentComponent = PatientComponent & CheckoutComponent;

export function presentOnes({ components }: Patient): readonly PresentComponent[] {
  return components.filter((one): one is PresentComponent => one.state === 'present');
}

const SHOWN = 5;

/** @example someOf(['a', 'b', 'c', 'd', 'e', 'f', 'g']) // 'a, b, c, d, e and 2 more' */
export function someOf(paths: readonly string[]): string {
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
  return `${paths.slice(0, SHOWN).join(', ')}${more}`;
}
