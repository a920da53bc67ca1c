// What a machine is told to start daemons, and what it says of that, with systemd's moments as a test wants them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startScript } from '../src/daemon/daemon-script.ts';
import { type FakeUnit, fakeSystemd } from './support/systemd-wire.ts';

const UNIT = 'api.service';
const RUNNING = { ActiveState: 'active', SubState: 'running', Result: 'success' };
let dir = '';
let systemd: ReturnType<typeof fakeSystemd>;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daemon-script-'));
  systemd = fakeSystemd();
  systemd.server.listen(join(dir, 'private'));
  await once(systemd.server, 'listening');
  systemd.units.set(UNIT, {
    ...{ ActiveState: 'activating', SubState: 'auto-restart', NRestarts: 3, Result: 'exit-code' },
  });
  systemd.on.set('ResetFailedUnit', (unit) => (unit.NRestarts = 0));
});
afterEach(async () => {
  systemd.server.close();
  await rm(dir, { recursive: true });
});

/** Restarts it, and gives the lines that are said of it. */
async function restart(onStart: (unit: FakeUnit) => void): Promise<string[]> {
  systemd.on.set('RestartUnit', onStart);
  const plan = { daemon: 'api', unit: UNIT, definition: undefined, hasProbes: false };
  const script = startScript([plan], true)
    .replaceAll('/run/systemd/private', join(dir, 'private'))
    .replaceAll('/run/', `${dir}/`);
  const child = spawn('perl', ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(script);
  return (await text(child.stdout)).trimEnd().split('\n');
}

test('a start of its own that systemd counts just before ours is no end', async () => {
  const said = await restart((unit) => Object.assign(unit, { ...RUNNING, NRestarts: 1 }));
  expect(said).toEqual([
    expect.stringMatching(/^did\tapi\.service\tstarted\tdone\t\d{16}$/),
    'up\tapi.service',
  ]);
});

test('one that it starts again after ours has ended, and how is told', async () => {
  const said = await restart((unit) => {
    Object.assign(unit, RUNNING);
    let reads = 0;
    systemd.on.set('Get NRestarts', () => {
      // The first time it learns what was before, the second time that nothing was since.
      if (++reads !== 2) return;
      queueMicrotask(() => {
        unit.NRestarts += 1;
        systemd.stir();
      });
    });
  });
  expect(said[1]).toMatch(/^state\tapi\.service\tdied=1\t.*\tNRestarts=1\t/);
});
