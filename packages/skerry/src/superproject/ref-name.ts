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
