// Loaded before a program (node --import): the clock of another machine, and what it lets others do with its files. The
// clock is that of this process; the git that it starts has that of the computer.
const AHEAD_MS = 400 * 86_400_000;
const now = Date.now.bind(Date);

class ShiftedDate extends Date {
  constructor(...parts: unknown[]) {
    if (parts.length === 0) super(ShiftedDate.now());
    else super(...(parts as [number]));
  }

  static override now(): number {
    return now() + AHEAD_MS;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
process.umask(0o077);
