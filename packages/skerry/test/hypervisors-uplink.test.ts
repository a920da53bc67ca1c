// The way out of VMs on hypervisors of this machine. The internet is a namespace of the test's own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { finish } from '../../../test/e2e/support/cli.ts';
import { startWorld, WORLD_BYTES } from '../../../test/e2e/support/world.ts';

const STORY = join(import.meta.dirname, 'support', 'uplink-story.ts');

test.runIf(process.getuid?.() === 0).each([
  ['pasta', String(WORLD_BYTES)],
  ['slirp4netns', String(WORLD_BYTES)],
  ['none', '0'],
])(
  '%s: VMs reach the world or not, and never the host; hypervisors neither (only run by root)',
  async (way, heard) => {
    await using world = await startWorld();
    const folder = await mkdtemp(join(tmpdir(), 'skerry-hv-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const program = [
      process.execPath,
      '--conditions=@skerry/source',
      STORY,
      join(folder, 'hv'),
      way,
    ];
    const { code, stdout, stderr } = await finish([...world.as, ...program]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual([heard, '0', '0', '0']);
  },
);
