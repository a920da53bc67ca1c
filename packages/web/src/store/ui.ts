// What is only about the page: what is typed, open, chosen and dragged.
import type { VerbErrorData } from '../api/types.ts';
import { observable, type Observable } from './observable.ts';

const personal: (() => void)[] = [];

/** What is as it was in the beginning for whoever logs in next in the same tab. */
function ofPerson<T>(initial: T): Observable<T> {
  const value = observable<T>(initial);
  personal.push(() => value.set(initial));
  return value;
}

/** Somebody has logged out: nobody else finds what they have typed, chosen and seen. */
export function forgetPerson(): void {
  for (const reset of personal) reset();
}

export const filterText = ofPerson('');
export const selected = ofPerson<ReadonlySet<string>>(new Set());
/** The entity whose page is open. */
export const opened = observable<string | null>(null);
/** Where j and k are, when the roster has the focus. */
export const cursor = ofPerson<string | null>(null);
/** The machine that is being dragged. */
export const dragged = ofPerson<string | null>(null);
export const paletteOpen = ofPerson(false);
/** What a verb has answered: words, or rows. */
export interface Answer {
  readonly title: string;
  readonly text: string;
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
}
export const answerShown = ofPerson<Answer | null>(null);
/** As whom one looks at permissions; oneself, when it is null. */
export const seeAs = ofPerson<string | null>(null);
export const helpOpen = ofPerson(false);
export const dockOpen = ofPerson(false);
/** Groups that are folded: hypervisors by name, tags as `tag:web`. */
export const collapsed = kept<readonly string[]>('collapsed', []);
/** What the list is grouped by. */
export const grouping = kept<'hypervisor' | 'tag'>('grouping', 'hypervisor');
/** How far back charts go: the name of a span. */
export const usageSpan = kept<string>('span', 'minutes');
export const theme = kept<'auto' | 'light' | 'dark'>('theme', 'auto');

/** The public ssh keys that somebody gave a machine last, by who that was. */
export const sshKeysOf = kept<Readonly<Record<string, string>>>('sshKeys', {});

/** A question about a verb: a form, a confirmation, or both. */
export interface Question {
  readonly entities: readonly string[];
  readonly verb: string;
  readonly params?: Readonly<Record<string, unknown>>;
}
export const question = ofPerson<Question | null>(null);
/** A new machine, and where; null when nobody makes one. */
export const newMachine = ofPerson<{ readonly hypervisor?: string } | null>(null);
/** What was filled in for a new machine. */
export interface MachineDraft {
  readonly values: Readonly<Record<string, string | boolean>>;
  readonly byXml: boolean;
  readonly chosen: string;
  /** Why it was not made. */
  readonly error?: VerbErrorData;
}
/** It stays until the machine is made or nobody wants it: closing the form by a slip loses nothing. Never kept on a disk. */
export const machineDraft = ofPerson<MachineDraft | null>(null);

export function toggleSelected(id: string): void {
  selected.update((all) => {
    const next = new Set(all);
    if (!next.delete(id)) next.add(id);
    return next;
  });
}

export function clearSelected(): void {
  selected.set(new Set());
}

/** Remembered in this browser. */
function kept<T>(name: string, initial: T): Observable<T> {
  const key = `skerry.${name}`;
  const raw = globalThis.localStorage?.getItem(key);
  const value = observable<T>(raw === null || raw === undefined ? initial : read(raw, initial));
  value.subscribe(() => {
    const now = value.get();
    localStorage.setItem(key, typeof now === 'string' ? now : JSON.stringify(now));
  });
  return value;
}

function read<T>(raw: string, initial: T): T {
  if (typeof initial === 'string') return raw as T;
  try {
    return JSON.parse(raw) as T;
  } catch {
    return initial;
  }
}
