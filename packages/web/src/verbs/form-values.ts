// Forms from JSON Schema: what fields hold as text, and back. Pure.
import type { JsonSchema } from '../api/types.ts';

export type Values = Readonly<Record<string, string | boolean>>;

/** What a form shows at first. */
export function initialValues(
  schema: JsonSchema,
  given: Readonly<Record<string, unknown>> = {},
): Values {
  return Object.fromEntries(
    fieldsOf(schema).map(([name, field]) => [name, toText(field, given[name] ?? field.default)]),
  );
}

export function fieldsOf(schema: JsonSchema): [string, JsonSchema][] {
  return Object.entries(schema.properties ?? {});
}

function toText(field: JsonSchema, value: unknown): string | boolean {
  if (field.type === 'boolean') return value === true;
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The parameters, without those that were left empty. Central checks them; a form only parses. */
export function toParams(schema: JsonSchema, values: Values): Record<string, unknown> {
  const required = new Set(schema.required);
  return Object.fromEntries(
    fieldsOf(schema).flatMap(([name, field]) => {
      const value = values[name];
      if (value === undefined || (value === '' && !required.has(name) && field.type !== 'array'))
        return [];
      return [[name, fromText(field, value)]];
    }),
  );
}

function fromText(field: JsonSchema, value: string | boolean): unknown {
  if (typeof value === 'boolean') return value;
  switch (field.type) {
    case 'integer':
    case 'number':
      return value.trim() === '' ? undefined : Number(value);
    case 'array':
      return value.split(/[\s,]+/).filter(Boolean);
    case 'object':
      return value.trim() === '' ? {} : parseJson(value);
    default:
      return value;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Central says what is wrong with it.
    return text;
  }
}

/** @example labelOf('diskGiB') // 'Disk (GiB)' */
export function labelOf(name: string): string {
  const [, base = name, unit] = /^(.*?)(MiB|GiB)?$/.exec(name) ?? [];
  if (name === 'vcpus') return 'Processors';
  if (name === 'xml') return 'XML';
  if (name === 'sshKeys') return 'SSH keys';
  const words = base
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  const text = `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
  return unit ? `${text} (${unit})` : text;
}
