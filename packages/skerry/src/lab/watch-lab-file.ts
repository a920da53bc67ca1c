// Sees when a lab file is saved, for commands that go on with the one they have read.
import { readFileSync } from 'node:fs';

/** Editors put another file in its place, and folders of remote hosts tell nothing: it is looked at. */
const LOOK_MS = 500;

/** Calls `onChange` once for each save that changes what is in it, until the signal fires. */
export function watchLabFile(file: string, signal: AbortSignal, onChange: () => void): void {
  let known = read(file);
  const look = (): void => {
    const text = read(file);
    // It is being written, or away for a moment.
    if (text === '' || text === known) return;
    known = text;
    onChange();
  };
  // Not watchFile(), which takes for old what is saved before it has looked for the first time.
  const timer = setInterval(look, LOOK_MS).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** Empty where it is not there. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
