// A test run that is killed with -9 leaves nothing of its lab, whenever that was.
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { finish, type Running, start } from '../support/cli.ts';
import { leftOf, surroundings } from '../support/leaks.ts';
import { moments } from '../support/moments.ts';
import { ordinaryUser } from '../support/user.ts';
import { PAIR } from './shared-lab.ts';

/** As a user has it: the build, in a plain Node. */
const TESTING = fileURLToPath(
  new URL('../../../packages/skerry/dist/cli/testing.js', import.meta.url),
);
const GONE_MS = 30_000;

export function killedRun(): void {
  let wholeMs = 0;

  test('a run that ends without disposing its lab leaves nothing, too', async () => {
    await using folder = await watchedFolder();
    const run = startRun(folder.path, 'process.exit(0)');
    const began = performance.now();
    await run.heard(/folder/);
    expect((await run.ended).code, run.said.stderr).toBe(0);
    wholeMs = performance.now() - began;
    await folder.becomesEmpty();
  });

  test.each(moments().map((moment) => ({ moment })))(
    'a run killed with -9 at $moment of the start of its lab leaves nothing',
    async ({ moment }) => {
      await using folder = await watchedFolder();
      const run = startRun(folder.path, 'await new Promise(() => {})');
      await sleep(moment * wholeMs);
      run.child.kill('SIGKILL');
      await run.ended;
      await folder.becomesEmpty();
    },
  );

  test('a run killed with -9 while its lab is disposed leaves nothing', async () => {
    await using folder = await watchedFolder();
    const run = startRun(folder.path, 'void lab[Symbol.asyncDispose](); setTimeout(() => {}, 9e6)');
    await run.heard(/up/);
    await sleep(50);
    run.child.kill('SIGKILL');
    await run.ended;
    await folder.becomesEmpty();
  });

  test("an ordinary user's killed run leaves nothing", async () => {
    await using user = await ordinaryUser();
    await using folder = await watchedFolder();
    await chown(folder.path, user.uid, -1);
    const [, cli = ''] = user.program;
    const testing = join(cli, '../../dist/cli/testing.js');
    const run = startRun(folder.path, 'await new Promise(() => {})', {
      words: [...user.as, user.program[0] ?? ''],
      env: user.env,
      testing,
    });
    await run.heard(/up/);
    process.kill(await pidIn(run), 'SIGKILL');
    await run.ended;
    await folder.becomesEmpty();
  });
}

/** A process that starts a lab in `folder`, says its pid and `up`, and goes on as told. */
function startRun(
  folder: string,
  then: string,
  {
    words = [process.execPath],
    env = {},
    testing = TESTING,
  }: { words?: readonly string[]; env?: NodeJS.ProcessEnv; testing?: string } = {},
): Running {
  const config = { ...PAIR, name: 'killed', machines: { one: {} } };
  const script = `
    import { startLab } from ${JSON.stringify(testing)};
    console.log('pid', process.pid, 'folder');
    const lab = await startLab(${JSON.stringify(config)}, { stateDir: ${JSON.stringify(folder)} });
    console.log('up');
    ${then};
  `;
  return start([...words, '--input-type=module', '-e', script], {
    cwd: '/',
    env: { ...env, SKERRY_UPLINK: 'none' },
  });
}

async function pidIn(run: Running): Promise<number> {
  return Number((await run.heard(/pid (\d+)/))[1]);
}

interface WatchedFolder extends AsyncDisposable {
  readonly path: string;
  /** Fails when a process, mount, link or file is left after a while. */
  readonly becomesEmpty: () => Promise<void>;
}

async function watchedFolder(): Promise<WatchedFolder> {
  const path = await mkdtemp(join(tmpdir(), 'sk-'));
  await finish(['chmod', '755', path]);
  const before = await surroundings(path);
  const left = async (): Promise<string[]> => [
    ...(await readdir(path)),
    ...leftOf(before, await surroundings(path)),
  ];
  return {
    path,
    becomesEmpty: () => expect.poll(left, { timeout: GONE_MS, interval: 200 }).toEqual([]),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
