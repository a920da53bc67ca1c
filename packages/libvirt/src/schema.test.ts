import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { qemuProcedures, remoteProcedures } from './procedure-table.ts';
import { type Procedure, procedureInfo } from './procedures.ts';
import type { ProcedureArgs, ProcedureResult } from './procedures.ts';
import { readFields, writeFields } from './schema.ts';
import { structs } from './structs.ts';
import type { TypedParam } from './typed-params.ts';
import { XdrReader, XdrWriter } from './xdr.ts';

const uuid = 'c7a5fdbd-edaf-9455-926a-d65c16db1809';

function encoded(schema: string, value: object): Buffer {
  const writer = new XdrWriter();
  writeFields(writer, schema, value);
  return Buffer.from(writer.bytes);
}

test.each([
  ['a nullable string that is null', 'a:string?', { a: null }, 4],
  ['a nullable string that is empty', 'a:string?', { a: '' }, 8],
  ['a domain', 'd:domain', { d: { name: 'abc', uuid, id: -1 } }, 28],
  ['a char[32], four bytes a char', 'c:char32', { c: 'i686' }, 128],
  ['an array of structs', 'n:network[]', { n: [{ name: 'a', uuid }] }, 28],
  [
    'a list of nullable structs',
    'l:interface[]',
    { l: [{ name: 'e', hwaddr: null, addrs: [] }] },
    20,
  ],
  ['bytes, packed', 'b:bytes', { b: Buffer.from([1, 2, 3]) }, 8],
  ['numbers', 'i:int u:uint h:hyper d:double', { i: -1, u: 2 ** 32 - 1, h: -5n, d: 0.5 }, 24],
])('%s survives a round trip in the right size', (_, schema, value, size) => {
  const bytes = encoded(schema, value);
  expect(bytes.length).toBe(size);
  const reader = new XdrReader(bytes);
  expect(readFields(reader, schema)).toEqual(value);
  expect(reader.remaining).toBe(0);
});

test('typed parameters keep their types', () => {
  const params: TypedParam[] = [
    { field: 'a', type: 'int', value: -1 },
    { field: 'b', type: 'uint', value: 1 },
    { field: 'c', type: 'llong', value: -(2n ** 60n) },
    { field: 'd', type: 'ullong', value: 2n ** 63n },
    { field: 'e', type: 'double', value: 1.5 },
    { field: 'f', type: 'boolean', value: true },
    { field: 'g', type: 'string', value: '' },
  ];
  expect(readFields(new XdrReader(encoded('p:param[]', { p: params })), 'p:param[]').p).toEqual(
    params,
  );
});

test('flags and nullable arguments may be left out', () => {
  expect(encoded('a:string? flags:uint', {}).toString('hex')).toBe('0000000000000000');
});

describe('the procedure table', () => {
  const names = [...Object.keys(remoteProcedures), ...Object.keys(qemuProcedures)] as Procedure[];

  test('has only schemas that compile', () => {
    for (const name of names) {
      const { args, result } = procedureInfo(name);
      for (const schema of [args, result]) {
        expect(() => compile(schema), `${name}: ${schema}`).not.toThrow(/schema/);
      }
    }
  });

  test('has no number twice in a program', () => {
    const numbers = names.map((name) => {
      const { program, number } = procedureInfo(name);
      return `${program}/${number}`;
    });
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('reads any bytes as a result or a protocol error, and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 200 }), (name, bytes) => {
        try {
          readFields(new XdrReader(Buffer.from(bytes)), procedureInfo(name).result);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PROTOCOL' });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('gives arguments and results their types', () => {
    expectTypeOf<ProcedureArgs<'DOMAIN_LOOKUP_BY_NAME'>>().toMatchObjectType<{ name: string }>();
    expectTypeOf<ProcedureArgs<'DOMAIN_OPEN_CONSOLE'>['device']>().toEqualTypeOf<
      string | null | undefined
    >();
    expectTypeOf<ProcedureResult<'DOMAIN_GET_INFO'>>().toEqualTypeOf<{
      state: number;
      maxMemory: bigint;
      memory: bigint;
      vcpus: number;
      cpuTime: bigint;
    }>();
    expectTypeOf<ProcedureResult<'CONNECT_LIST_ALL_DOMAINS'>['domains']>().toEqualTypeOf<
      { name: string; uuid: string; id: number }[]
    >();
  });
});

test('an error struct of an older daemon that is too short is refused, not guessed', () => {
  expect(() => readFields(new XdrReader(Buffer.alloc(8)), structs.error)).toThrow(/too early/);
});

/** Reading nothing compiles the schema and then finds the packet too short, if it needs any. */
function compile(schema: string): void {
  try {
    readFields(new XdrReader(Buffer.alloc(0)), schema);
  } catch (error) {
    if (!/too early/.test(String(error))) throw error;
  }
}
