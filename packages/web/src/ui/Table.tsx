import type { ReactNode } from 'react';

/** A column's head: its text, one of `number`s, or null for the last, of what can be done. */
export type Column = string | { readonly number: string } | null;

/** Rows under a head; a narrow page scrolls it alone. */
export function Table({
  columns,
  children,
}: {
  readonly columns: readonly Column[];
  readonly children: ReactNode;
}) {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column === null ? '' : JSON.stringify(column)} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function Head({ column }: { readonly column: Column }) {
  if (column === null)
    return (
      <th>
        <span className="hidden">What can be done</span>
      </th>
    );
  return typeof column === 'string' ? (
    <th>{column}</th>
  ) : (
    <th className="number">{column.number}</th>
  );
}
