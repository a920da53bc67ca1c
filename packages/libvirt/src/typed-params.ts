import { ProtocolError } from './errors.ts';
import type { XdrReader, XdrWriter } from './xdr.ts';

/** libvirt's `virTypedParameter`: a named value that carries its type. */
export type TypedParam =
  | { readonly field: string; readonly type: 'int' | 'uint' | 'double'; readonly value: number }
  | { readonly field: string; readonly type: 'llong' | 'ullong'; readonly value: bigint }
  | { readonly field: string; readonly type: 'boolean'; readonly value: boolean }
  | { readonly field: string; readonly type: 'string'; readonly value: string };

/** Typed parameters by name, e.g. `params['cpu.time']`. */
export type ParamRecord = Readonly<Record<string, number | bigint | boolean | string>>;

const types = ['int', 'uint', 'llong', 'ullong', 'double', 'boolean', 'string'] as const;

export function writeParam(writer: XdrWriter, param: TypedParam): void {
  writer.string(param.field);
  writer.int(types.indexOf(param.type) + 1);
  switch (param.type) {
    case 'int':
      return writer.int(param.value);
    case 'uint':
      return writer.uint(param.value);
    case 'llong':
      return writer.hyper(param.value);
    case 'ullong':
      return writer.uhyper(param.value);
    case 'double':
      return writer.double(param.value);
    case 'boolean':
      return writer.int(param.value ? 1 : 0);
    case 'string':
      return writer.string(param.value);
  }
}

export function readParam(reader: XdrReader): TypedParam {
  const field = reader.string();
  const number = reader.int();
  const type = types[number - 1];
  switch (type) {
    case 'int':
      return { field, type, value: reader.int() };
    case 'uint':
      return { field, type, value: reader.uint() };
    case 'llong':
      return { field, type, value: reader.hyper() };
    case 'ullong':
      return { field, type, value: reader.uhyper() };
    case 'double':
      return { field, type, value: reader.double() };
    case 'boolean':
      return { field, type, value: reader.int() !== 0 };
    case 'string':
      return { field, type, value: reader.string() };
    default:
      throw new ProtocolError(`typed parameter "${field}" has the unknown type ${number}`);
  }
}

/** Typed parameters as a plain record; a later duplicate wins. */
export function paramsToRecord(params: readonly TypedParam[]): ParamRecord {
  return Object.fromEntries(params.map(({ field, value }) => [field, value]));
}

/**
 * A record as typed parameters.
 *
 * @throws TypeError when a name has no type, or its value does not fit it.
 */
export function recordToParams(
  values: ParamRecord,
  typeOf:
    | Readonly<Record<string, TypedParam['type'] | undefined>>
    | ((name: string) => TypedParam['type'] | undefined),
): TypedParam[] {
  return Object.entries(values).map(([field, value]) => {
    const type = typeof typeOf === 'function' ? typeOf(field) : typeOf[field];
    if (type === undefined) throw new TypeError(`there is no parameter "${field}" to set`);
    return toParam(field, type, value);
  });
}

function toParam(
  field: string,
  type: TypedParam['type'],
  value: number | bigint | boolean | string,
): TypedParam {
  if (type === 'string' && typeof value === 'string') return { field, type, value };
  if (type === 'boolean' && typeof value === 'boolean') return { field, type, value };
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (type === 'llong' || type === 'ullong') return { field, type, value: BigInt(value) };
    if (type !== 'string' && type !== 'boolean') return { field, type, value: Number(value) };
  }
  throw new TypeError(`the parameter "${field}" must be of type ${type}, not ${typeof value}`);
}
