import { stripVTControlCharacters, styleText } from 'node:util';

/** Lines up rows under a dim head; cells may hold colours. Two spaces between columns, none at the end. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd();
  return [styleText('dim', line(head)), ...rows.map(line)].join('\n');
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
