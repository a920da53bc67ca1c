import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadLab } from '../lab-file/load.ts';
import { template } from './init.ts';

test.each(['ts', 'js', 'yaml'] as const)(
  'a lab file in %s is valid, with its comments and with what they hold',
  async (format) => {
    const dir = await mkdtemp(join(tmpdir(), 'skerry-init-'));
    const file = join(dir, `skerry.config.${format}`);
    // `skerry` is found by the program itself, not here.
    const given = /^import .* from 'skerry';/;
    const text = template(format, 'demo').replace(given, 'const defineLab = (lab) => lab;');
    await writeFile(file, text);
    expect((await loadLab(dir)).daemons).toEqual([]);
    await writeFile(file, text.replaceAll(/^( *)(?:\/\/|#) (?=tree|daemons|  |\})/gm, '$1'));
    const { trees, daemons, machines } = await loadLab(dir);
    expect(machines.map(({ name }) => name)).toEqual(['server', 'client']);
    expect(trees.map(({ from, to }) => [from, to])).toEqual([[dir, '/srv/src']]);
    expect(daemons.map(({ name, on }) => [name, on])).toEqual([['api', ['server']]]);
    await rm(dir, { recursive: true });
  },
);
