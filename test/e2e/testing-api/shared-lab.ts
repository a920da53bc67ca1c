import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLab, type TestLab } from 'skerry/testing';
import { afterAll, beforeAll, expect } from 'vitest';
import { leftOf, type Surroundings, surroundings } from '../support/leaks.ts';

export const PAIR = { name: 'pair', memory: 256, machines: { one: {}, two_b: {} } };

/** Two machines for the tests of a file; in the end nothing of them may be left. */
export function sharedLab(): () => TestLab {
  let lab: TestLab;
  let folder: string;
  let before: Surroundings;
  beforeAll(async () => {
    process.env.SKERRY_UPLINK = 'none';
    folder = await mkdtemp(join(tmpdir(), 'sk-'));
    before = await surroundings(folder);
    lab = await startLab(PAIR, { stateDir: folder });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    expect(leftOf(before, await surroundings(folder))).toEqual([]);
    // Empty, or this fails.
    await rmdir(folder);
  });
  return () => lab;
}
