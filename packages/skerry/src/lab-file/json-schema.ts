import { labSchema } from './schema.ts';
import type { Schema } from './schema-form.ts';

/** The part of JSON Schema that a lab file's schema uses. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly enum?: readonly string[];
  readonly propertyNames?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The lab file's schema as JSON Schema, for editors; `packages/skerry/schema.json` is this. */
export function labJsonSchema(): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...toJson(labSchema) };
}

function toJson(schema: Schema): JsonSchema {
  const { kind: _, ...notes } = schema;
  if (notes.type === 'any') {
    const { type: _type, ...rest } = notes;
    return rest;
  }
  if (notes.type === 'union') {
    const { type: _type, anyOf, ...rest } = notes;
    return { ...rest, anyOf: anyOf.map(toJson) };
  }
  if (notes.type === 'record') {
    const { hint, values, ...rest } = notes;
    const propertyNames = { type: 'string', pattern: hint };
    return { ...rest, type: 'object', propertyNames, additionalProperties: toJson(values) };
  }
  if (notes.type === 'array') return { ...notes, items: toJson(notes.items) };
  if (notes.type === 'object') {
    const fields = Object.entries(notes.properties).map(([key, field]) => [key, toJson(field)]);
    const properties = Object.fromEntries(fields) as Readonly<Record<string, JsonSchema>>;
    const { required, ...rest } = notes;
    return {
      ...rest,
      properties,
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    };
  }
  if (notes.type !== 'string') return notes;
  const { hint, pattern, ...rest } = notes;
  const source = pattern?.source ?? hint;
  return { ...rest, ...(source !== undefined && { pattern: source }) };
}
