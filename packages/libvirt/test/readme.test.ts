import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, startDaemon } from './daemon.ts';

const run = promisify(execFile);
const PACKAGE = join(import.meta.dirname, '..');
const output = [
  /^libvirt \S+ on \S+\nhello is running\nlifecycle: started\nlifecycle: stopped\nhello is gone\n$/,
  /^\[ 'test' \]\n$/,
  /^running 1\ndisk: 1073741824 bytes\n$/,
];

let daemon: Daemon;
let examples: string[];

beforeAll(async () => {
  daemon = await startDaemon();
  const text = await readFile(join(PACKAGE, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  examples = blocks.filter((code) => code.startsWith('import'));
  expect(examples).toHaveLength(output.length);
});

afterAll(() => daemon?.[Symbol.asyncDispose]());

describe('the examples of the README', () => {
  test('run from the sources and print what they say', async () => {
    for (const [i, code] of examples.entries()) {
      const file = join(import.meta.dirname, `readme-${process.pid}-${i}.ts`);
      await writeFile(file, code);
      try {
        const args = ['--conditions=@skerry/source', file, daemon.uri('test:///default')];
        expect((await run(process.execPath, args)).stdout).toMatch(output[i]!);
      } finally {
        await rm(file);
      }
    }
  });

  test('run from the packed package, installed alone, without dependencies', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-pack-'));
    try {
      const app = join(folder, 'app');
      await mkdir(app);
      await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }');
      const { stdout } = await run('npm', ['pack', '--json', PACKAGE], { cwd: app });
      const tarball = /"filename": *"(.*?)"/.exec(stdout)?.[1] ?? '';
      const install = ['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`];
      await run('npm', install, { cwd: app });
      const installed = await readdir(join(app, 'node_modules'));
      expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['@skerry']);
      expect(await readdir(join(app, 'node_modules/@skerry/libvirt'))).toEqual(
        expect.arrayContaining(['README.md', 'dist', 'package.json']),
      );
      for (const [i, code] of examples.entries()) {
        await writeFile(join(app, `example-${i}.ts`), code);
        const args = [`example-${i}.ts`, daemon.uri('test:///default')];
        expect((await run(process.execPath, args, { cwd: app })).stdout).toMatch(output[i]!);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
