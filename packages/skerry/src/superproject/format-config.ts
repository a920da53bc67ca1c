/**
 * A section with one key, as git reads it (git-config(1), "Syntax").
 *
 * @param value none where only the key is written, which is true
 * @example formatSetting('url.https://b/.insteadOf', 'https://a/') // '[url "https://b/"]\n\tinsteadOf = "https://a/"\n'
 */
export function formatSetting(key: string, value: string | undefined): string {
  const first = key.indexOf('.');
  const last = key.lastIndexOf('.');
  const part = first === last ? '' : ` ${quotedValue(key.slice(first + 1, last))}`;
  const setting = value === undefined ? '' : ` = ${quotedValue(value)}`;
  return `[${key.slice(0, first)}${part}]\n\t${key.slice(last + 1)}${setting}\n`;
}

/** In quotes, with all that has a meaning inside of them taken as it is. */
function quotedValue(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
