import { shellJoin } from './shell-quote.ts';

/** A command as the value of ssh's ProxyCommand (ssh_config(5)). `%h` and `%p` may be added behind it. */
export function proxyCommand(words: readonly string[]): string {
  return escapePercent(shellJoin(words));
}

/** ssh expands %h and the like in these; a folder may have a % in its name. */
export function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}
