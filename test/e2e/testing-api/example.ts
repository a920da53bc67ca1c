import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { finish } from '../support/cli.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export function exampleRuns(): void {
  test('the example of the docs passes, with the build, as a user runs it', async () => {
    const vitest = [process.execPath, `${ROOT}/node_modules/vitest/vitest.mjs`, 'run'];
    const env = { SKERRY_UPLINK: 'none', NODE_OPTIONS: '', CI: '1', NO_COLOR: '1' };
    const { code, stdout, stderr } = await finish([...vitest, '--root', 'examples/testing'], {
      cwd: ROOT,
      env,
    });
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/Tests\s+3 passed/);
  });
}
