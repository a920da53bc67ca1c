import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { domainProblem, hostNameProblem } from './host-name.ts';
import { formatCidr, formatIpv4, parseCidr, parseIpv4 } from './ipv4.ts';
import { labJsonSchema, type JsonSchema } from './json-schema.ts';
import { parseMemoryMiB, parseSize } from './size.ts';
import { suggest } from './suggest.ts';

test.each([
  ['512 MiB', 512 * 2 ** 20],
  ['1.5GiB', 1536 * 2 ** 20],
  ['1 TiB', 2 ** 40],
  ['0.3 MiB', 0],
  ['1 GB', undefined],
  ['1G', undefined],
  ['GiB', undefined],
  ['-1 GiB', undefined],
])('the size %j is %j bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test('a memory without unit is in MiB', () => {
  expect(parseMemoryMiB(768)).toBe(768);
  expect(parseMemoryMiB('2 GiB')).toBe(2048);
});

test.each(['a', 'agent-1', 'A1', '9p', 'a'.repeat(63)])('%s is a host name', (name) => {
  expect(hostNameProblem(name)).toBeUndefined();
});

test.each([
  '',
  '-a',
  'a-',
  'a.b',
  'a b',
  'ä',
  '12',
  'localhost',
  'a'.repeat(64),
  '/a/',
  '__proto__',
])('%j is no host name', (name) => {
  expect(hostNameProblem(name)).toBeTypeOf('string');
});

test.each(['demo.test', 'lab', 'a.b-c.internal'])('%s is a domain', (domain) => {
  expect(domainProblem(domain)).toBeUndefined();
});

test.each([
  '',
  '.test',
  'a..b',
  'my_lab.test',
  'x.local',
  'A.test',
  '10.1',
  `${'a.'.repeat(100)}test`,
])('%j is no domain', (domain) => {
  expect(domainProblem(domain)).toBeTypeOf('string');
});

test.each(['10.0.0.1', '0.0.0.0', '255.255.255.255'])('%s survives parsing', (text) => {
  expect(formatIpv4(parseIpv4(text) ?? -1)).toBe(text);
});

test.each(['10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.1/24', '::1'])(
  '%s is no IPv4 address',
  (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  },
);

test.each([
  ['10.77.3.0/24', '10.77.3.0/24'],
  ['10.77.3.9/24', '10.77.3.0/24'],
  ['192.168.255.255/17', '192.168.128.0/17'],
  ['255.0.0.0/8', '255.0.0.0/8'],
])('the network of %s is %s', (text, network) => {
  const cidr = parseCidr(text);
  expect(cidr && formatCidr(cidr)).toBe(network);
});

test.each([
  ['memroy', 'memory'],
  ['Memory', 'memory'],
  ['cpu', 'cpus'],
  ['agent1', 'agent_1'],
  ['x', undefined],
  ['entirely', undefined],
])('%s suggests %s', (word, near) => {
  expect(suggest(word, ['memory', 'cpus', 'agent_1', 'nested'])).toBe(near);
});

describe('the comments of the types, which editors show', () => {
  const source = readFileSync(new URL('./config.ts', import.meta.url), 'utf8');
  const labSource = source.slice(source.indexOf('interface LabConfig'));
  const schema = labJsonSchema();
  const machine =
    (schema.properties?.['machines']?.additionalProperties as JsonSchema | undefined)?.anyOf?.[0] ??
    {};
  const fields = Object.entries({ ...machine.properties, ...schema.properties });
  test.each(fields)('%s says the same as the schema', (name, { description = '' }) => {
    const field = name.replace('$', String.raw`\$`);
    const pattern = new RegExp(String.raw`/\*\*((?:(?!\*/)[^])*)\*/\s+readonly ${field}\??:`);
    const comment = (pattern.exec(labSource) ?? pattern.exec(source))?.[1] ?? '';
    const said = comment
      .replace(/@[^]*/, '')
      .replaceAll(/\s*\n?\s*\* ?/g, ' ')
      .trim();
    expect(said).toBe(description);
  });
});
