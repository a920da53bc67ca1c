import { SkerryError } from '../util/errors.ts';

/**
 * Refuses what cannot be the name of a new branch or tag: what git does not take, and what it takes for something else, so
 * that nobody can use it (CVE-2026-47191: a branch that looks like a commit).
 *
 * @param what it is the name of, for the error
 * @throws SP_REF_NAME
 */
export function checkRefName(what: string, name: string): void {
  const reason = isObjectId(name)
    ? 'looks like a commit'
    : name === 'HEAD'
      ? 'means something else to git'
      : isRefName(name)
        ? undefined
        : 'cannot be a name in git';
  if (reason !== undefined) throw new SkerryError('SP_REF_NAME', { data: { what, name, reason } });
}

/** Whether a name is that of an object, whole; in capitals too. */
export function isObjectId(name: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(name);
}

/**
 * Whether git takes a name for a branch or a tag (git-check-ref-format(1) --branch).
 *
 * @example isRefName('3.11') // true
 */
export function isRefName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  const isBad = /^-|[\u0000- ~^:?*[\\\u007f]|\.\.|@\{|\/$|^\/|\/\/|\.$/.test(name);
  const parts = name.split('/');
  return (
    name !== '' &&
    name !== '@' &&
    !isBad &&
    !parts.some((part) => part.startsWith('.') || part.endsWith('.lock'))
  );
}
