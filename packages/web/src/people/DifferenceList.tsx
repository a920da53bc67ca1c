import { type Differences, isSame } from './differences.ts';

export interface DifferenceListProps {
  readonly of: readonly (readonly [string, Differences])[];
  /** Whom it is about, when there is something. */
  readonly note?: string;
}

/** What will be different once it is saved. */
export function DifferenceList({ of, note }: DifferenceListProps) {
  const rows = of.filter(([, each]) => !isSame(each));
  return (
    <section className="differences" aria-label="What changes" aria-live="polite">
      <h3>What changes</h3>
      {rows.length === 0 && <p className="quiet">Nothing yet.</p>}
      <ul>
        {rows.flatMap(([what, { given, taken }]) => [
          ...given.map((each) => (
            <li key={`+${what}${each}`} className="given">
              <span aria-hidden="true">+</span> <span className="hidden">given: </span>
              {each} <span className="quiet">{what}</span>
            </li>
          )),
          ...taken.map((each) => (
            <li key={`-${what}${each}`} className="taken">
              <span aria-hidden="true">−</span> <span className="hidden">taken: </span>
              {each} <span className="quiet">{what}</span>
            </li>
          )),
        ])}
      </ul>
      {rows.length > 0 && note && <p className="quiet">{note}</p>}
    </section>
  );
}
