import { SkerryError } from '../util/errors.ts';
import type { LabSpec } from './spec.ts';
import { suggest } from './suggest.ts';
import { messageOf } from '../util/message-of.ts';

/**
 * The daemons that arguments name, in the order they start. An argument is a name or a `/regular expression/`; without
 * arguments all are meant.
 * @throws DAEMONS_NONE, DAEMON_UNKNOWN, MACHINE_PATTERN
 */
export function daemonNames({ name: lab, daemons }: LabSpec, args: readonly string[]): string[] {
  const known = daemons.map(({ name }) => name);
  if (known.length === 0) throw new SkerryError('DAEMONS_NONE', { data: { lab } });
  if (args.length === 0) return known;
  const chosen = new Set(args.flatMap((arg) => select(lab, known, arg)));
  return known.filter((name) => chosen.has(name));
}

function select(lab: string, known: readonly string[], arg: string): string[] {
  const [, source, flags = ''] = /^\/(.+)\/([a-z]*)$/.exec(arg) ?? [];
  const found =
    source === undefined
      ? known.filter((name) => name === arg)
      : known.filter((name) => regexOf(arg, source, flags).test(name));
  if (found.length > 0) return found;
  const near = source === undefined ? suggest(arg, known) : undefined;
  const all = `its daemons are: ${known.join(', ')}`;
  const advice = near === undefined ? all : `did you mean '${near}'? ${all}`;
  throw new SkerryError('DAEMON_UNKNOWN', { data: { lab, name: arg, advice } });
}

function regexOf(pattern: string, source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags.replaceAll(/[gy]/g, ''));
  } catch (cause) {
    const reason = messageOf(cause);
    throw new SkerryError('MACHINE_PATTERN', { data: { pattern, reason }, cause });
  }
}
