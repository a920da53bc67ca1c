import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadNatively, type NativeLoad } from '../../test/load-natively.ts';

interface Case {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  /** `CODE file:line:column message`, or the machines' names. */
  readonly gives: readonly string[];
}

const LAB = `{ name: 'demo', machines: { one: {} } }`;

const CASES: readonly Case[] = [
  {
    title: 'TypeScript without any node_modules',
    files: {
      'skerry.config.ts': `import { defineLab } from 'skerry';\nconst one: string = 'one';\nexport default defineLab({ name: 'demo', machines: { [one]: {} } });\n`,
    },
    gives: ['one'],
  },
  {
    title: 'TypeScript that takes parts from files beside it',
    files: {
      'skerry.config.ts': `import type { MachineConfig } from 'skerry';\nimport { one } from './parts.ts';\nexport default { name: 'demo', machines: { one } satisfies Record<string, MachineConfig> };\n`,
      'parts.ts': `import type { MachineConfig } from 'skerry';\nexport const one: MachineConfig = { cpus: 2 };\n`,
    },
    gives: ['one'],
  },
  {
    title: 'a promise',
    files: { 'skerry.config.mjs': `export default Promise.resolve(${LAB});\n` },
    gives: ['one'],
  },
  {
    title: 'JavaScript modules in a folder of no type',
    files: { 'skerry.config.js': `export default ${LAB};\n` },
    gives: ['one'],
  },
  {
    title: 'CommonJS',
    files: { 'skerry.config.js': `module.exports = ${LAB};\n` },
    gives: ['one'],
  },
  {
    title: 'YAML with anchors, and machines without fields',
    files: {
      'skerry.config.yml': `name: demo\nmachines:\n  one: &a\n    cpus: 2\n  two:\n    <<: *a\n    memory: 1 GiB\n  three: *a\n  four:\n`,
    },
    gives: ['one', 'two', 'three', 'four'],
  },
  {
    title: 'JSON with its schema',
    files: {
      'skerry.config.json': `{ "$schema": "./schema.json", "name": "demo", "machines": { "one": {} } }`,
    },
    gives: ['one'],
  },
  {
    title: 'a syntax error in TypeScript',
    files: { 'skerry.config.ts': `const a: number = 1;\nexport default {\n  name: 'demo',,\n};\n` },
    gives: [
      'LAB_FILE_SYNTAX skerry.config.ts:3:16 Unexpected token `,`. Expected identifier, string literal, numeric literal or [ for the computed key',
    ],
  },
  {
    title: 'TypeScript that is more than types',
    files: { 'skerry.config.ts': `\nenum Size { Small }\nexport default ${LAB};\n` },
    gives: [
      'LAB_FILE_SYNTAX skerry.config.ts:2:1 TypeScript enum is not supported in strip-only mode',
    ],
  },
  {
    title: 'a syntax error in JavaScript',
    files: { 'skerry.config.mjs': `export default {\n  name: 'demo'\n  machines: {} };\n` },
    gives: ['LAB_FILE_SYNTAX skerry.config.mjs:3:3 Unexpected token'],
  },
  {
    title: 'a syntax error in an imported file',
    files: {
      'skerry.config.mjs': `import './a.mjs';\nexport default ${LAB};\n`,
      'a.mjs': `\nlet = ;\n`,
    },
    gives: ["LAB_FILE_SYNTAX a.mjs:2:1 The keyword 'let' is reserved"],
  },
  {
    title: 'a syntax error in YAML',
    files: { 'skerry.config.yaml': `name: demo\nmachines: {\n  one: [\n` },
    gives: [
      'LAB_FILE_SYNTAX skerry.config.yaml:4:1 Flow sequence in block collection must be sufficiently indented and end with a ]',
      'LAB_FILE_SYNTAX skerry.config.yaml:4:1 Flow map in block collection must be sufficiently indented and end with a }',
    ],
  },
  {
    title: 'JSON with a comma too many',
    files: { 'skerry.config.json': `{\n  "name": "demo",\n}\n` },
    gives: ['LAB_FILE_SYNTAX skerry.config.json:3:1 Expected double-quoted property name in JSON'],
  },
  {
    title: 'JSON that stops',
    files: { 'skerry.config.json': `{ "name":` },
    gives: ['LAB_FILE_SYNTAX skerry.config.json:1:10 Unexpected end of JSON input'],
  },
  {
    title: 'a lab file that throws',
    files: {
      'skerry.config.ts': `const env: Record<string, string> = {};\nif (!env['TOKEN']) throw new Error('TOKEN is not set');\nexport default ${LAB};\n`,
    },
    gives: [
      'LAB_FILE_THROWS skerry.config.ts:2:26 the lab file threw while it was loaded: TOKEN is not set',
    ],
  },
  {
    title: 'a promise that is rejected',
    files: {
      'skerry.config.mjs': `async function lab() {\n  throw new TypeError('no');\n}\nexport default lab();\n`,
    },
    gives: [
      'LAB_FILE_THROWS skerry.config.mjs:2:9 the lab file threw while it was loaded: TypeError: no',
    ],
  },
  {
    title: 'an import that is not there',
    files: {
      'skerry.config.ts': `import a from 'node:path';\nimport { b } from './b.ts';\nexport default ${LAB};\n`,
    },
    gives: [
      `LAB_FILE_THROWS skerry.config.ts:2:19 the lab file threw while it was loaded: Cannot find module '<dir>/b.ts' imported from <dir>/skerry.config.ts`,
    ],
  },
  {
    title: 'a name of skerry that is misspelt',
    files: {
      'skerry.config.ts': `import { defineLabs } from 'skerry';\nexport default defineLabs(${LAB});\n`,
    },
    gives: [
      `LAB_FILE_THROWS skerry.config.ts:1:1 the lab file threw while it was loaded: SyntaxError: The requested module 'skerry' does not provide an export named 'defineLabs'; did you mean 'defineLab'?`,
    ],
  },
  {
    title: 'no default export',
    files: { 'skerry.config.ts': `export const lab = ${LAB};\n` },
    gives: [
      'LAB_FILE_EMPTY skerry.config.ts:1:1 <dir>/skerry.config.ts gives no lab: it exports lab, but no default',
    ],
  },
  {
    title: 'a function',
    files: { 'skerry.config.ts': `export default () => (${LAB});\n` },
    gives: [
      'LAB_FILE_EMPTY skerry.config.ts:1:1 <dir>/skerry.config.ts gives no lab: its default export is a function',
    ],
  },
  {
    title: 'an empty YAML file',
    files: { 'skerry.config.yaml': `# nothing yet\n` },
    gives: [
      'LAB_FILE_EMPTY skerry.config.yaml:1:1 <dir>/skerry.config.yaml gives no lab: it is empty',
    ],
  },
  {
    title: 'a list',
    files: { 'skerry.config.yaml': `- one\n` },
    gives: [
      'LAB_TYPE skerry.config.yaml:1:1 the lab file must be an object with name and machines, not a list',
    ],
  },
  {
    title: 'keys that are there twice in YAML',
    files: {
      'skerry.config.yaml': `name: demo\nmachines:\n  one: {}\n  one: { cpus: 1, cpus: 2 }\nname: two\n`,
    },
    gives: [
      `LAB_KEY_TWICE skerry.config.yaml:4:3 the key 'one' is there twice; the first is in line 3`,
      `LAB_KEY_TWICE skerry.config.yaml:4:19 the key 'cpus' is there twice; the first is in line 4`,
      `LAB_KEY_TWICE skerry.config.yaml:5:1 the key 'name' is there twice; the first is in line 1`,
    ],
  },
  {
    title: 'keys that are there twice in JSON',
    files: { 'skerry.config.json': `{ "name": "demo",\n  "machines": { "one": {}, "one": {} } }` },
    gives: [
      `LAB_KEY_TWICE skerry.config.json:2:28 the key 'one' is there twice; the first is in line 2`,
    ],
  },
  {
    title: 'keys that are there twice in a script',
    files: {
      'skerry.config.ts': `const all = { one: {} };\nexport default { name: 'demo', machines: { ...all, one: {}, two: {}, two: {} } };\n`,
    },
    gives: [
      `LAB_KEY_TWICE skerry.config.ts:2:70 the key 'two' is there twice; the first is in line 2`,
    ],
  },
  {
    title: 'places behind names, spreads, calls and types',
    files: {
      'skerry.config.ts': `import { defineLab, type MachineConfig } from 'skerry';
const small = { cpus: 0 } as const;
const all: Record<string, MachineConfig> = {
  one: { ...small, nested: true },
  two: small,
};
const wrap = (machine: unknown): MachineConfig => machine as MachineConfig;
const lab = {
  name: 'demo',
  machines: { ...all, three: wrap({ cpus: 500 }), ['fo' + 'ur']: { cpus: -1 } },
};
export default await defineLab(lab);
`,
    },
    gives: [
      'LAB_VALUE skerry.config.ts:2:23 machines.one.cpus is 0; it must be a whole number from 1 to 255',
      'LAB_VALUE skerry.config.ts:2:23 machines.two.cpus is 0; it must be a whole number from 1 to 255',
      'LAB_VALUE skerry.config.ts:10:3 machines.four.cpus is -1; it must be a whole number from 1 to 255',
      'LAB_VALUE skerry.config.ts:10:43 machines.three.cpus is 500; it must be a whole number from 1 to 255',
    ],
  },
];

const root = mkdtempSync(join(tmpdir(), 'skerry-load-'));
afterAll(() => rmSync(root, { recursive: true }));
let results: NativeLoad[] = [];

beforeAll(async () => {
  const dirs = CASES.map(({ files }, i) => {
    for (const [name, source] of Object.entries(files)) write(join(root, String(i), name), source);
    return join(root, String(i));
  });
  results = await loadNatively(dirs, { isThorough: true });
});

describe('loads', () => {
  test.each(CASES)('$title', (one) => {
    const i = CASES.indexOf(one);
    const dir = join(root, String(i));
    const { spec, errors = [] } = results[i] ?? {};
    const lines = errors.map(({ code, place, message }) =>
      `${code} ${place?.file}:${place?.line}:${place?.column} ${message}`
        .replace(`${dir}/`, '')
        .replaceAll(dir, '<dir>'),
    );
    expect(spec?.machines.map(({ name }) => name) ?? lines).toEqual(one.gives);
  });
});

test('a file is read anew each time, and so is what it imports', async () => {
  const dir = join(root, 'fresh');
  write(join(dir, 'skerry.config.ts'), `import { lab } from './lab.ts';\nexport default lab;\n`);
  const line = `globalThis.loads = (globalThis.loads ?? 0) + 1;\nconst name = 'load' + globalThis.loads;`;
  write(join(dir, 'lab.ts'), `${line}\nexport const lab = { name, machines: { one: {} } };\n`);
  const loads = await loadNatively([dir, dir]);
  expect(loads.map(({ spec }) => spec?.name)).toEqual(['load1', 'load2']);
});

function write(path: string, source: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, source);
}
