import type { PinnedComponent } from './read-superproject.ts';
import type { Refs } from './remote-refs.ts';

/** What a component does when its branch cannot be read: fail all, stay where it is, or never move at all. */
export type Policy = 'fail' | 'keep-previous' | 'frozen';

/** The ref that keeps a pin alive in the component's remote: named by its content, so there is nothing to undo. */
export function keepRef(pin: string): string {
  return `refs/superproject/pins/${pin}`;
}

/**
 * The ref that says of a kept pin that those of its own components are not, for all that is known. Without it the keep ref
 * proves that they are: whoever keeps a pin keeps theirs first.
 */
export function openRef(pin: string): string {
  return `refs/superproject/open/${pin}`;
}

/** The refs to ask a remote for, to know with isProven whether anything is left to be done for a pin. */
export function pinRefs(pin: string | undefined): string[] {
  return pin === undefined ? [] : [keepRef(pin), openRef(pin)];
}

/** Whether a pin has its keep ref, and those of its own components have theirs. */
export function isProven(refs: Refs, pin: string): boolean {
  return refs.get(keepRef(pin)) === pin && !refs.has(openRef(pin));
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

/**
 * What a tag of the superproject is called in a component: with the prefix of its section, for components that several
 * superprojects share.
 *
 * @example componentTag({ extra: { 'superproject-tag-prefix': 'phone/' } }, '3.11.2') // 'phone/3.11.2'
 */
export function componentTag({ extra }: Pick<PinnedComponent, 'extra'>, tag: string): string {
  return `${extra['superproject-tag-prefix'] ?? ''}${tag}`;
}

/** The refs to ask a component's remote for, to know whether and where it has a tag of the superproject. */
export function tagRefs(component: Pick<PinnedComponent, 'extra'>, tag: string): string[] {
  const ref = `refs/tags/${componentTag(component, tag)}`;
  return [ref, `${ref}^{}`];
}

/** The component's policy, from `superproject-policy` in its section; `fail` unless it says so. */
export function policyOf({ extra }: Pick<PinnedComponent, 'extra'>): Policy {
  const policy = extra['superproject-policy'];
  return policy === 'keep-previous' || policy === 'frozen' ? policy : 'fail';
}
