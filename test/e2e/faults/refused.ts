// Ups that cannot succeed: a clear error, and nothing left running.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testLab } from '../support/lab.ts';
import { processesOf } from '../support/leaks.ts';
import { SMALL } from '../support/small.ts';

export function refused(): void {
  test('a port somebody has: the error names port and remedy, no machine starts, and up works once it is free', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound ? bound.port : 0;
    await using lab = await testLab({ ...SMALL, machines: { one: { forwards: { [port]: 22 } } } });
    const { code, stderr } = await lab.skerry(['up']);
    expect(code).toBe(4);
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}, which leads to one:22`);
    expect(stderr).toContain(`ss -ltnp 'sport = :${port}'`);
    expect((await lab.status()).machines[0]?.state).toBe('absent');
    expect(await processesOf(join(lab.dir, '..'))).toEqual([]);
    server.close();
    await once(server, 'close');
    await lab.ok(['up']);
    await lab.destroyWhole();
  });

  test('a lab file full of errors: all of them at once, each with its place, and nothing is started', async () => {
    await using lab = await testLab(SMALL);
    const text = `name: small
image: debian-13x
memory: lots
machines:
  one: { primary: true, colour: red }
  two: { primary: true, memory: 90 TiB }
  three: {}
  three: {}
  -bad: { forwards: { 99999: 22 } }
`;
    await writeFile(join(lab.dir, 'skerry.config.yaml'), text);
    const { code, stderr } = await lab.skerry(['up', '--lab', 'skerry.config.yaml']);
    expect(code).toBe(2);
    const places = [...stderr.matchAll(/^skerry\.config\.yaml:(\d+):(\d+): error: /gm)].map(
      ([, line]) => Number(line),
    );
    expect([...new Set(places)]).toEqual([2, 3, 5, 6, 8, 9]);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(stderr.match(/^hint: /gm)).toHaveLength(places.length);
    expect(stderr).toMatch(/colour/);
    const { stdout } = await lab.skerry(['validate', '--json', '--lab', 'skerry.config.yaml']);
    const { errors } = JSON.parse(stdout) as { errors: { place: { line: number } }[] };
    expect(errors.map(({ place }) => place.line)).toEqual(places);
    expect(existsSync(lab.stateDir)).toBe(false);
  });

  test.each([
    ['no lab file', [], 3, 'skerry init'],
    ['an unknown command', ['upp'], 2, 'up'],
    ['an unknown option', ['up', '--fast'], 2, 'skerry up --help'],
    ['an unknown machine', ['up', 'two'], 3, 'one'],
    ['a pattern that matches nothing', ['up', '/two/'], 3, 'one'],
    ['a pattern that is none', ['up', '/(/'], 2, 'regular expression'],
    ['a machine of a lab that is off', ['exec', '--', 'true'], 4, 'skerry up'],
    ['ssh into a lab that is off', ['ssh'], 4, 'skerry up'],
    ['a console of a lab that is off', ['console'], 4, 'skerry up'],
    ['a forward into a lab that is off', ['forward', 'one', '80'], 4, 'skerry up'],
    ['an image nobody knows', ['image', 'build', 'debian-99'], 3, 'debian-12'],
    ['an id of no lab', ['destroy', '--yes', '--id', 'none-000000'], 3, 'global-status'],
  ])('%s: exit code and hint', async (name, words, exit, hint) => {
    await using lab = await testLab(SMALL);
    const { code, stderr } = await lab.skerry(words.length > 0 ? words : ['up', '--lab', '/']);
    expect(stderr, name).toContain(hint);
    expect(stderr, name).not.toContain('internal error');
    expect(code, name).toBe(exit);
    expect(existsSync(lab.stateDir)).toBe(false);
  });
}
