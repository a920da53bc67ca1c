import type { LabConfig, MachineConfig } from './config.ts';
import type { FieldPath } from './finding.ts';
import { isList } from './is-list.ts';

type Loose<T> = T extends readonly (infer Item)[]
  ? readonly (Loose<Item> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Loose<T[K]> | undefined }
    : T;

/** What is left of a lab once its malformed fields are taken out: any field may be missing. */
export type CheckedLab = Loose<LabConfig>;

/** A machine of such a lab, with the way to it. */
export interface CheckedMachine {
  readonly name: string;
  readonly path: FieldPath;
  readonly config: Loose<MachineConfig>;
}

/** A forward as the file has it, whichever way it was written. */
export interface CheckedForward {
  readonly machine: string;
  readonly host: number;
  readonly address: string | undefined;
  readonly path: FieldPath;
  /** The host port is a key of the file, or a value at `path`. */
  readonly part: 'key' | 'value';
}

export function machinesOf(lab: CheckedLab): CheckedMachine[] {
  return Object.entries(lab.machines ?? {}).map(([name, config]) => ({
    name,
    path: ['machines', name],
    config: config ?? {},
  }));
}

export function forwardsOf(machine: CheckedMachine): CheckedForward[] {
  const { forwards } = machine.config;
  const path = [...machine.path, 'forwards'];
  if (forwards === undefined) return [];
  if (!isList(forwards)) {
    return Object.keys(forwards).map((host) => ({
      machine: machine.name,
      host: Number(host),
      address: undefined,
      path: [...path, host],
      part: 'key',
    }));
  }
  return forwards.flatMap((forward, i) => {
    if (forward?.host === undefined) return [];
    const { host, address } = forward;
    return [
      { machine: machine.name, host, address, path: [...path, i, 'host'], part: 'value' as const },
    ];
  });
}
