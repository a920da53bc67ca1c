import { hashOf, type MachineFacts, type MachineMark } from '../machine/metadata.ts';
import type { Stage } from './stage.ts';
import type { MachineSpec } from '../lab-file/spec.ts';

/** A machine as libvirt has it. */
export interface ObservedMachine {
  readonly name: string;
  readonly running: boolean;
  /** libvirt's own word: running, paused, shutoff, crashed, ... */
  readonly state: string;
  readonly mark: MachineMark | undefined;
  readonly stage?: Stage | undefined;
}

export interface Change {
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** One thing `up` will do to one machine. */
export type Action =
  | { readonly kind: 'create'; readonly machine: string }
  /** It is off, or paused, and shall run. */
  | { readonly kind: 'start'; readonly machine: string }
  /** A former `up` was stopped half way: it runs, but nobody has seen it ready since its start. */
  | { readonly kind: 'finish'; readonly machine: string }
  /** It is shutting down, for a `halt` that was stopped half way: once it is off it is started. */
  | { readonly kind: 'restart'; readonly machine: string }
  /** Its definition differs from the file: shut down, define anew, start; its disk stays. */
  | { readonly kind: 'redefine'; readonly machine: string; readonly changes: readonly Change[] };

/** What `up` found and will not act on by itself. */
export type Note =
  | { readonly kind: 'orphan'; readonly machine: string }
  | { readonly kind: 'image-changed'; readonly machine: string }
  | { readonly kind: 'autostart-off'; readonly machine: string }
  | { readonly kind: 'foreign'; readonly machine: string };

export interface Plan {
  readonly actions: readonly Action[];
  readonly unchanged: readonly string[];
  readonly notes: readonly Note[];
}

export interface PlanInput {
  /** The machines `up` is about. */
  readonly wanted: readonly MachineSpec[];
  /** All machines of the file. */
  readonly all: readonly MachineSpec[];
  readonly observed: readonly ObservedMachine[];
  readonly factsOf: (machine: MachineSpec) => MachineFacts;
  /** The digest of the image a new machine would get; undefined when it is not built yet. */
  readonly imageOf: (machine: MachineSpec) => string | undefined;
}

/** The difference between the lab file and what libvirt says. Pure. */
export function planUp(input: PlanInput): Plan {
  const observed = new Map(input.observed.map((machine) => [machine.name, machine]));
  const actions: Action[] = [];
  const unchanged: string[] = [];
  const notes: Note[] = [];
  for (const machine of input.wanted) {
    const found = observed.get(machine.name);
    const action = actionFor(machine, found, input);
    if (action === 'foreign') notes.push({ kind: 'foreign', machine: machine.name });
    else if (action === undefined) unchanged.push(machine.name);
    else actions.push(action);
    const image = input.imageOf(machine);
    if (found?.mark && image !== undefined && found.mark.image !== image)
      notes.push({ kind: 'image-changed', machine: machine.name });
  }
  const wanted = new Set(input.wanted.map((machine) => machine.name));
  const inFile = new Set(input.all.map((machine) => machine.name));
  for (const machine of input.all) {
    if (!wanted.has(machine.name) && !machine.autostart && !observed.get(machine.name)?.running)
      notes.push({ kind: 'autostart-off', machine: machine.name });
  }
  for (const { name } of input.observed) {
    if (!inFile.has(name)) notes.push({ kind: 'orphan', machine: name });
  }
  return { actions, unchanged, notes };
}

function actionFor(
  machine: MachineSpec,
  found: ObservedMachine | undefined,
  input: PlanInput,
): Action | 'foreign' | undefined {
  if (!found) return { kind: 'create', machine: machine.name };
  if (!found.mark) return 'foreign';
  const facts = input.factsOf(machine);
  if (hashOf(facts) !== hashOf(found.mark.facts))
    return { kind: 'redefine', machine: machine.name, changes: changesOf(found.mark.facts, facts) };
  if (isLeaving(found)) return { kind: 'restart', machine: machine.name };
  if (!found.running) return { kind: 'start', machine: machine.name };
  if (found.mark.identity === undefined || found.stage !== 'ready')
    return { kind: 'finish', machine: machine.name };
  return undefined;
}

/** QEMU runs on while a guest shuts down, so libvirt alone does not know. */
export function isLeaving({ state, stage }: ObservedMachine): boolean {
  return state === 'shutdown' || (state !== 'shutoff' && stage === 'leaving');
}

/** What differs, field by field, in words for people. */
export function changesOf(before: MachineFacts, after: MachineFacts): Change[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields
    .map((field) => ({ field, from: show(before[field]), to: show(after[field]) }))
    .filter(({ from, to }) => from !== to);
}

function show(value: MachineFacts[string] | undefined): string {
  if (value === undefined) return 'none';
  if (typeof value === 'object') return value.length === 0 ? 'none' : value.join(', ');
  return String(value);
}
