import { z } from 'zod';
import { labSchema } from './schema.ts';

/** The part of JSON Schema that a lab file's schema uses. */
export interface JsonSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The lab file's schema as JSON Schema, for editors; `packages/skerry/schema.json` is this. */
export function labJsonSchema(): JsonSchema {
  return z.toJSONSchema(labSchema, { io: 'input' }) as JsonSchema;
}
