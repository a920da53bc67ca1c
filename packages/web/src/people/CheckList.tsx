export interface CheckListProps {
  readonly legend: string;
  readonly items: readonly string[];
  readonly value: ReadonlySet<string>;
  readonly onChange: (value: ReadonlySet<string>) => void;
  /** What is said where there is nothing to choose. */
  readonly none: string;
}

/** Some of several, as roles of a user or users of a role. */
export function CheckList({ legend, items, value, onChange, none }: CheckListProps) {
  return (
    <fieldset className="check-list">
      <legend>{legend}</legend>
      {items.length === 0 && <p className="quiet">{none}</p>}
      {items.map((item) => (
        <label key={item} className="check">
          <input
            type="checkbox"
            checked={value.has(item)}
            onChange={() => {
              const next = new Set(value);
              if (!next.delete(item)) next.add(item);
              onChange(next);
            }}
          />
          <span>{item}</span>
        </label>
      ))}
    </fieldset>
  );
}
