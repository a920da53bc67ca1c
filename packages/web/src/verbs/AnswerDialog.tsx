import { type Answer, answerShown } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { formatBytes, formatMiB } from '../ui/format.ts';
import { Table } from '../ui/Table.tsx';

/** What a verb has answered. */
export function AnswerDialog() {
  const answer = useObservable(answerShown);
  if (!answer) return null;
  const isLong = answer.text.length > 300;
  return (
    <Dialog
      title={answer.title}
      onClose={() => answerShown.set(null)}
      wide={isLong || answer.rows !== undefined}
    >
      <div className={isLong ? 'answer code' : 'answer'} tabIndex={0}>
        {answer.text}
        {answer.rows && <Rows rows={answer.rows} />}
      </div>
    </Dialog>
  );
}

function Rows({ rows }: { readonly rows: NonNullable<Answer['rows']> }) {
  const [first] = rows;
  if (!first) return <p className="quiet">There is nothing.</p>;
  const keys = Object.keys(first);
  return (
    <Table columns={keys.map(titleOf)}>
      {rows.map((row) => (
        <tr key={JSON.stringify(row)}>
          {keys.map((key) => (
            <td key={key}>{textOf(key, row[key])}</td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

/** @example titleOf('sizeBytes') // 'Size' */
function titleOf(key: string): string {
  const words = key
    .replace(/(Bytes|MiB|At)$/, '')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** Units are at the end of a field's name; times are seconds since 1970, or milliseconds. */
function textOf(key: string, value: unknown): string {
  if (typeof value === 'number') {
    if (key.endsWith('Bytes')) return formatBytes(value);
    if (key.endsWith('MiB')) return formatMiB(value);
    if (key.endsWith('At')) return new Date(value < 1e11 ? value * 1000 : value).toLocaleString();
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value === null || value === undefined || value === '') return '–';
  if (Array.isArray(value) && value.every((one) => typeof one === 'string'))
    return value.join(', ') || '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
