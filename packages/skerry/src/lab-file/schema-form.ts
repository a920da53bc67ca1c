// What schema.ts is written in: forms of values, and the words for what does not have its form.
import { DEFAULTS } from './defaults.ts';

/**
 * What a field must be, in words. Each part of the schema names one; validate-shape.ts makes the
 * sentence.
 */
export const KINDS = {
  lab: {
    expected: 'an object with name and machines',
    example: "{ name: 'demo', machines: { one: {} } }",
  },
  text: { expected: 'a text', example: "'text'" },
  name: { expected: 'a text', example: "name: 'archipelago'" },
  machines: {
    expected: 'an object: the machines by name',
    example: 'machines: { one: {}, two: {} }',
  },
  machine: {
    expected: "an object: the machine's fields",
    example: '{ cpus: 2 }, or {} for all defaults',
  },
  image: { expected: 'the name of an image', example: `image: '${DEFAULTS.image}'` },
  memory: {
    expected: "a size of at least 64 MiB: '512 MiB', '2 GiB', or a number of MiB",
    example: "memory: '2 GiB'",
  },
  cpus: { expected: 'a whole number from 1 to 255', example: 'cpus: 2' },
  flag: { expected: 'true or false', example: 'true' },
  disks: { expected: 'an object: sizes by name, or a list', example: "disks: { data: '10 GiB' }" },
  disk: {
    expected: 'a size, or an object with name and size',
    example: "{ name: 'data', size: '10 GiB' }",
  },
  size: { expected: 'a size with its unit: MiB, GiB or TiB', example: "'10 GiB'" },
  forwards: {
    expected: 'an object: machine ports by host port, or a list',
    example: 'forwards: { 8080: 80 }',
  },
  forward: { expected: 'an object with host and guest', example: '{ host: 8080, guest: 80 }' },
  port: { expected: 'a port from 1 to 65535', example: '8080' },
  network: {
    expected: 'an object with cidr or domain',
    example: "network: { cidr: '10.77.3.0/24' }",
  },
  cidr: { expected: 'an IPv4 network', example: "cidr: '10.77.3.0/24'" },
  address: { expected: 'an IP address', example: "address: '10.77.3.20'" },
} as const;

/** The objects of a lab file. */
export type ObjectName = 'lab' | 'machine' | 'network' | 'disk' | 'forward';

/** What is said of a field besides its form: for editors and for the reference. */
interface Notes {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

interface Base extends Notes {
  readonly kind: keyof typeof KINDS;
}

/** The form of a value: JSON Schema (draft 2020-12), as far as a lab file needs it, and the words for mistakes. */
export type Schema =
  | TextSchema
  | IntegerSchema
  | ObjectSchema
  | RecordSchema
  | (Base & { readonly type: 'boolean' | 'null' })
  | (Base & { readonly type: 'array'; readonly items: Schema })
  | UnionSchema;

export interface TextSchema extends Base {
  readonly type: 'string';
  readonly minLength?: number;
  readonly pattern?: RegExp;
  /** For editors only: the checks of names say better what is wrong. */
  readonly hint?: string;
}

export interface IntegerSchema extends Base {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum: number;
}

/** An object with these fields and no others. */
export interface ObjectSchema extends Base {
  readonly type: 'object';
  readonly title: ObjectName;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
}

/** An object with any keys. */
interface RecordSchema extends Base {
  readonly type: 'record';
  /** What keys look like, for editors only. */
  readonly hint: string;
  readonly values: Schema;
}

/** One of several forms, no two of the same type. */
interface UnionSchema extends Base {
  readonly type: 'union';
  readonly anyOf: readonly Schema[];
}
