import { openEntity } from '../shell/navigation.ts';
import { cloud } from '../store/cloud.ts';
import { cursor } from '../store/ui.ts';
import { rosterView, rowsNow } from '../roster/roster-view.ts';

/** Where it is: by tag, a machine may have several rows. */
let cursorAt = -1;

/** Moves the roster's cursor by so many rows. */
export function moveCursor(by: number): void {
  const rows = rowsNow();
  const id = cursor.get();
  const at = rows[cursorAt]?.id === id ? cursorAt : rows.findIndex((row) => row.id === id);
  const to = Math.min(
    rows.length - 1,
    Math.max(0, at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by),
  );
  const row = rows[to];
  if (!row) return;
  cursorAt = to;
  cursor.set(row.id);
  rosterView.scrollTo(to);
}

/** Opens what was looked for: the first machine that is shown, else the first hypervisor. */
export function openFirst(): void {
  const rows = rowsNow();
  const row = rows.find(({ kind }) => kind === 'vm') ?? rows[0];
  if (!row) return;
  cursor.set(row.id);
  openEntity(row.id);
}

export function openCursor(): boolean {
  const id = cursor.get();
  if (id === null || !cloud.get().entities.has(id)) return false;
  openEntity(id);
  return true;
}
