import type { PinnedComponent } from './read-superproject.ts';

/** What a component does when its branch cannot be read: fail all, stay where it is, or never move at all. */
export type Policy = 'fail' | 'keep-previous' | 'frozen';

/** The ref that keeps a pin alive in the component's remote: named by its content, so there is nothing to undo. */
export function keepRef(pin: string): string {
  return `refs/superproject/pins/${pin}`;
}

/**
 * The branch a component follows in a superproject's branch: what `.gitmodules` says, with `.` for the same name
 * (gitmodules(5)). None: the default branch of its remote.
 */
export function trackedBranch(
  { branch }: Pick<PinnedComponent, 'branch'>,
  superBranch: string | undefined,
): string | undefined {
  return branch === '.' ? superBranch : branch;
}

/** The component's policy, from `superproject-policy` in its section; `fail` unless it says so. */
export function policyOf({ extra }: Pick<PinnedComponent, 'extra'>): Policy {
  const policy = extra['superproject-policy'];
  return policy === 'keep-previous' || policy === 'frozen' ? policy : 'fail';
}
