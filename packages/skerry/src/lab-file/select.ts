import { SkerryError } from '../util/errors.ts';
import type { LabSpec, MachineSpec } from './spec.ts';
import { suggest } from './suggest.ts';
import { messageOf } from '../util/message-of.ts';

/**
 * The machines that arguments name, in the file's order, each once. An argument is a name, a host name, or a
 * `/regular expression/` over names. No arguments give no machines: what that means is the command's to say.
 *
 * @example machineNames(spec, ['central_server', '/agent_.+/']) // ['central_server', 'agent_1', 'agent_2']
 */
export function machineNames(spec: LabSpec, args: readonly string[]): string[] {
  const chosen = new Set(args.flatMap((arg) => select(spec, arg)));
  return spec.machines.map(({ name }) => name).filter((name) => chosen.has(name));
}

function select(spec: LabSpec, arg: string): string[] {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(arg) ?? [];
  if (source !== undefined) return matching(spec, arg, source, flags ?? '');
  const found = spec.machines.find((machine) => namesOf(machine).includes(arg));
  if (found !== undefined) return [found.name];
  const near = suggest(
    arg,
    spec.machines.map(({ name }) => name),
  );
  const advice =
    near === undefined
      ? `its machines are: ${known(spec)}`
      : `did you mean '${near}'? Its machines are: ${known(spec)}`;
  throw new SkerryError('MACHINE_UNKNOWN', { data: { lab: spec.name, name: arg, advice } });
}

function matching(spec: LabSpec, pattern: string, source: string, flags: string): string[] {
  let regex: RegExp;
  try {
    regex = new RegExp(source, flags.replaceAll(/[gy]/g, ''));
  } catch (cause) {
    const reason = messageOf(cause);
    throw new SkerryError('MACHINE_PATTERN', { data: { pattern, reason }, cause });
  }
  const found = spec.machines.map(({ name }) => name).filter((name) => regex.test(name));
  if (found.length > 0) return found;
  throw new SkerryError('MACHINE_PATTERN_EMPTY', {
    data: { pattern, lab: spec.name, known: known(spec) },
  });
}

function namesOf({ name, hostname, aliases }: MachineSpec): string[] {
  return [name, hostname, ...aliases];
}

function known(spec: LabSpec): string {
  return spec.machines.map(({ name }) => name).join(', ');
}
