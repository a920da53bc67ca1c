import { structs } from './structs.ts';
import { readParam, type TypedParam, writeParam } from './typed-params.ts';
import { formatUuid } from './uuid.ts';
import type { XdrReader, XdrWriter } from './xdr.ts';

// A schema is a line of `field:type` words (see structs.ts). The types below read it for the
// compiler, compileSchema() reads it at run time; both must agree, and a test checks every word.

interface Scalars {
  int: number;
  uint: number;
  hyper: bigint;
  uhyper: bigint;
  double: number;
  string: string;
  bytes: Uint8Array;
  uuid: string;
  char32: string;
  param: TypedParam;
}

type Structs = typeof structs;
type Words<S extends string> = S extends `${infer First} ${infer Rest}`
  ? First | Words<Rest>
  : S extends ''
    ? never
    : S;
type NameOf<W> = W extends `${infer Name}:${string}` ? Name : never;
type TypeOf<W> = W extends `${string}:${infer Type}` ? Type : never;
type Value<T> = T extends `${infer Item}?`
  ? Value<Item> | null
  : T extends `${infer Item}[]`
    ? Value<Item>[]
    : T extends keyof Scalars
      ? Scalars[T]
      : T extends keyof Structs
        ? Fields<Structs[T]>
        : never;
type Optional<W> = W extends `${string}?` | 'flags:uint' ? W : never;

/** What a schema decodes to. */
export type Fields<S extends string> = {
  [W in Words<S> as NameOf<W>]: Value<TypeOf<W>>;
};

/** What a call takes: as {@link Fields}, but nullable fields and `flags` may be left out. */
export type Args<S extends string> = {
  [W in Exclude<Words<S>, Optional<Words<S>>> as NameOf<W>]: Value<TypeOf<W>>;
} & { [W in Optional<Words<S>> as NameOf<W>]?: Value<TypeOf<W>> | undefined };

/** One of the shared structs. */
export type Struct<Name extends keyof Structs> = Fields<Structs[Name]>;

interface Codec {
  readonly write: (writer: XdrWriter, value: unknown) => void;
  readonly read: (reader: XdrReader) => unknown;
  /** The fewest bytes a value takes: what an array's count is checked with. */
  readonly minSize: number;
}

const scalars: { readonly [K in keyof Scalars]: Codec } = {
  int: codec<number>(
    4,
    (w, v) => w.int(v),
    (r) => r.int(),
  ),
  uint: codec<number>(
    4,
    (w, v) => w.uint(v),
    (r) => r.uint(),
  ),
  hyper: codec<bigint>(
    8,
    (w, v) => w.hyper(v),
    (r) => r.hyper(),
  ),
  uhyper: codec<bigint>(
    8,
    (w, v) => w.uhyper(v),
    (r) => r.uhyper(),
  ),
  double: codec<number>(
    8,
    (w, v) => w.double(v),
    (r) => r.double(),
  ),
  string: codec<string>(
    4,
    (w, v) => w.string(v),
    (r) => r.string(),
  ),
  bytes: codec<Uint8Array>(
    4,
    (w, v) => w.opaque(v),
    (r) => r.opaque(),
  ),
  uuid: codec<string>(
    16,
    (w, v) => w.uuid(v),
    (r) => formatUuid(r.fixedOpaque(16)),
  ),
  char32: codec<string>(128, writeChar32, readChar32),
  param: codec<TypedParam>(12, writeParam, readParam),
};

const compiled = new Map<string, Codec>();

/** Writes `value` as `schema` says; missing nullable fields are null, missing flags are 0. */
export function writeFields(writer: XdrWriter, schema: string, value: object): void {
  compileSchema(schema).write(writer, value);
}

export function readFields<S extends string>(reader: XdrReader, schema: S): Fields<S> {
  return compileSchema(schema).read(reader) as Fields<S>;
}

function compileSchema(schema: string): Codec {
  let found = compiled.get(schema);
  if (found === undefined) {
    found = compileFields(schema);
    compiled.set(schema, found);
  }
  return found;
}

function compileFields(schema: string): Codec {
  const fields = schema === '' ? [] : schema.split(' ').map(compileField);
  return {
    minSize: fields.reduce((sum, { type }) => sum + type.minSize, 0),
    write: (writer, value) => {
      for (const { name, type } of fields) {
        const given = (value as Record<string, unknown>)[name];
        type.write(writer, given === undefined && name === 'flags' ? 0 : given);
      }
    },
    read: (reader) => {
      const result: Record<string, unknown> = {};
      for (const { name, type } of fields) result[name] = type.read(reader);
      return result;
    },
  };
}

function compileField(word: string): { name: string; type: Codec } {
  const [name, type] = word.split(':');
  if (name === undefined || type === undefined) throw new Error(`bad schema word "${word}"`);
  return { name, type: compileType(type) };
}

function compileType(type: string): Codec {
  if (type.endsWith('?')) return nullable(compileType(type.slice(0, -1)));
  if (type.endsWith('[]')) return array(compileType(type.slice(0, -2)));
  if (type in scalars) return scalars[type as keyof Scalars];
  if (type in structs) return compileSchema(structs[type as keyof Structs]);
  throw new Error(`unknown schema type "${type}"`);
}

function nullable(item: Codec): Codec {
  return {
    minSize: 4,
    write: (writer, value) => {
      const present = value !== undefined && value !== null;
      writer.uint(present ? 1 : 0);
      if (present) item.write(writer, value);
    },
    read: (reader) => (reader.uint() === 0 ? null : item.read(reader)),
  };
}

function array(item: Codec): Codec {
  return {
    minSize: 4,
    write: (writer, value) => {
      const items = value as readonly unknown[];
      writer.uint(items.length);
      for (const each of items) item.write(writer, each);
    },
    read: (reader) => Array.from({ length: reader.count(item.minSize) }, () => item.read(reader)),
  };
}

function codec<T>(
  minSize: number,
  write: (writer: XdrWriter, value: T) => void,
  read: (reader: XdrReader) => T,
): Codec {
  return { minSize, write: write as Codec['write'], read };
}

function writeChar32(writer: XdrWriter, value: string): void {
  for (let i = 0; i < 32; i++) writer.int(value.charCodeAt(i) || 0);
}

function readChar32(reader: XdrReader): string {
  const codes = Array.from({ length: 32 }, () => reader.int() & 0xff);
  const end = codes.indexOf(0);
  return Buffer.from(end === -1 ? codes : codes.slice(0, end)).toString('utf8');
}
