// The fields of a verb's parameters, made from its schema.
import { useId } from 'react';
import type { JsonSchema, VerbErrorData } from '../api/types.ts';
import { fieldsOf, labelOf, type Values } from './form-values.ts';

export interface VerbFormProps {
  readonly schema: JsonSchema;
  readonly values: Values;
  readonly onChange: (values: Values) => void;
  readonly error?: VerbErrorData | undefined;
  /** Values that a field can have, by its name. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** Fields that the page shows in a way of its own. */
  readonly without?: readonly string[];
}

const LONG_TEXT = 10_000;
const VERY_LONG_TEXT = 100_000;

export function VerbForm({
  schema,
  values,
  onChange,
  error,
  choices = {},
  without = [],
}: VerbFormProps) {
  const fields = fieldsOf(schema).filter(([name]) => !without.includes(name));
  return fields.map(([name, field], at) => {
    const problem = error?.fields?.find(({ path }) => path.split('.')[0] === name)?.message;
    return (
      <VerbField
        key={name}
        name={name}
        field={field}
        value={values[name] ?? ''}
        isFirst={at === 0}
        isRequired={schema.required?.includes(name) ?? false}
        problem={problem}
        choices={choices[name]}
        onChange={(value) => onChange({ ...values, [name]: value })}
      />
    );
  });
}

interface VerbFieldProps {
  readonly name: string;
  readonly field: JsonSchema;
  readonly value: string | boolean;
  readonly isFirst: boolean;
  readonly isRequired: boolean;
  readonly problem: string | undefined;
  readonly choices: readonly string[] | undefined;
  readonly onChange: (value: string | boolean) => void;
}

function VerbField(props: VerbFieldProps) {
  const { name, field, value, isFirst, isRequired, problem, choices, onChange } = props;
  const id = useId();
  const hint = problem ?? hintOf(field);
  if (typeof value === 'boolean')
    return (
      <label className="check">
        <input
          type="checkbox"
          checked={value}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>{field.description ?? labelOf(name)}</span>
      </label>
    );
  const shared = {
    id,
    name,
    value,
    required: isRequired,
    'data-autofocus': isFirst || undefined,
    'aria-invalid': problem ? true : undefined,
    'aria-describedby': hint ? `${id}-hint` : undefined,
  } as const;
  return (
    <div className="field">
      <label htmlFor={id}>{labelOf(name)}</label>
      {field.enum ? (
        <select {...shared} onChange={(event) => onChange(event.target.value)}>
          {!isRequired && <option value="">default</option>}
          {field.enum.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      ) : (field.maxLength ?? 0) > LONG_TEXT || field.type === 'object' ? (
        <textarea
          {...shared}
          className="code"
          rows={(field.maxLength ?? 0) > VERY_LONG_TEXT ? 12 : 3}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          {...shared}
          {...(choices && { list: `${id}-list` })}
          type={field.type === 'integer' || field.type === 'number' ? 'number' : 'text'}
          step={field.type === 'number' ? 'any' : undefined}
          min={field.minimum}
          max={field.maximum}
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {choices && (
        <datalist id={`${id}-list`}>
          {choices.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      {hint && (
        <span id={`${id}-hint`} className={problem ? 'hint bad' : 'hint'}>
          {hint}
        </span>
      )}
    </div>
  );
}

function hintOf(field: JsonSchema): string | undefined {
  if (field.type === 'array') return field.description ?? 'Several, with blanks between them';
  // The label has the unit, and the kind of processors.
  const hint = field.description?.replace(/^(MiB|GiB)(; |$)/, '');
  return hint === '' || hint === 'Virtual processors' ? undefined : hint;
}
