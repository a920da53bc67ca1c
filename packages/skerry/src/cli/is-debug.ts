/** Whether the stack of an error is wanted: `--debug`, or SKERRY_DEBUG in the environment. */
export function isDebug(words: readonly string[]): boolean {
  return words.includes('--debug') || Boolean(process.env.SKERRY_DEBUG);
}
