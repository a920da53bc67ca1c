export interface TypedNameProps {
  /** What is to be typed. */
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Whoever takes something away for good types its name before. */
export function TypedName({ name, value, onChange }: TypedNameProps) {
  return (
    <label className="field">
      <span>
        Type <b>{name}</b> to go on
      </span>
      <input
        data-autofocus
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
