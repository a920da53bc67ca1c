// What was fetched into a folder of this host, kept in a file of the lab.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A path that was fetched: what it was in the machine, and what it became here, whose dates are less exact. */
export interface Note {
  readonly there: string;
  readonly here: string;
}

/** A path that has yet to come, with what is in its place. */
export function yetToCome(here: string | undefined): Note {
  return { there: '', here: here ?? '' };
}

/** Whether it came once, as far as is known. */
export function isOurs(note: Note | undefined): boolean {
  return note !== undefined && note.there !== '';
}

let serial = 0;

/** The file that notes what was fetched into a folder. */
export function pullIndex(stateDir: string, machine: string, to: string): string {
  const id = createHash('sha256').update(`${machine}\0${to}`).digest('hex').slice(0, 16);
  return `${stateDir}/pulled/${id}`;
}

export async function loadNotes(index: string): Promise<Map<string, Note>> {
  const text = await readFile(index, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const words = text.split('\0');
  const notes = new Map<string, Note>();
  for (let at = 0; at + 2 < words.length; at += 3)
    notes.set(words[at] ?? '', { there: words[at + 1] ?? '', here: words[at + 2] ?? '' });
  return notes;
}

export async function saveNotes(index: string, notes: ReadonlyMap<string, Note>): Promise<void> {
  const text = [...notes].map(([path, { there, here }]) => `${path}\0${there}\0${here}\0`);
  await mkdir(dirname(index), { recursive: true });
  // Another process may be writing it too.
  const fresh = `${index}.new-${process.pid}-${++serial}`;
  try {
    await writeFile(fresh, text.join(''), 'latin1');
    await rename(fresh, index);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
