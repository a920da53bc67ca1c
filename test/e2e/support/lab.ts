// A lab in folders of its own, which are gone with it when the test is over.
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { finish, type Outcome, type Running, type RunOptions, SKERRY, start } from './cli.ts';
import { leftOf, type Surroundings, surroundings } from './leaks.ts';

export interface TestLab extends AsyncDisposable {
  /** The folder of the lab file. */
  readonly dir: string;
  readonly stateDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Writes the lab file anew. */
  readonly write: (config: object) => Promise<void>;
  /** Runs `skerry ...` to its end. */
  readonly skerry: (words: readonly string[], options?: RunOptions) => Promise<Outcome>;
  /** The same, but any other exit code than 0 fails the test. Gives stdout. */
  readonly ok: (words: readonly string[], options?: RunOptions) => Promise<string>;
  readonly start: (words: readonly string[], options?: RunOptions) => Running;
  readonly status: () => Promise<LabState>;
  /** Destroys the lab and fails when anything of it is left: process, mount, link or file. */
  readonly destroyWhole: () => Promise<void>;
}

/** The part of `status --json` that tests look at. */
export interface LabState {
  readonly id: string;
  readonly stateDir: string;
  readonly sandbox?: {
    readonly libvirtd: string;
    readonly restarts: number;
    readonly accel: string;
    readonly forwards: readonly { readonly pid: number; readonly host: number }[];
  };
  readonly machines: readonly {
    readonly name: string;
    readonly state: string;
    readonly address: string;
    readonly hostname: string;
    readonly orphan: boolean;
  }[];
}

export interface LabOptions {
  /** Words before the program, such as `runuser -u somebody --`. */
  readonly as?: readonly string[];
  /** Whose the folders are. */
  readonly uid?: number;
  /** Where to make the folders. */
  readonly root?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Node and skerry.js, where they are not those of this checkout. */
  readonly program?: readonly string[];
}

/**
 * Makes the folders and writes the lab file; starts nothing.
 * @param config what the lab file says, or the folder of a lab, which is copied
 */
export async function testLab(config: object | string, options: LabOptions = {}): Promise<TestLab> {
  const root = await mkdtemp(join(options.root ?? tmpdir(), 'skerry-e2e-'));
  await chmod(root, 0o755);
  const [dir, stateDir, temp] = ['lab', 'state', 'tmp'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [dir, temp]) await mkdir(folder);
  const { uid } = options;
  if (uid !== undefined) for (const folder of [root, dir, temp]) await chown(folder, uid, -1);
  const env = { SKERRY_STATE_DIR: stateDir, SKERRY_UPLINK: 'none', TMPDIR: temp, ...options.env };
  const before: Surroundings = await surroundings(root);
  const program = [...(options.as ?? []), ...(options.program ?? [process.execPath, SKERRY])];
  const run = (words: readonly string[], more: RunOptions = {}): Running =>
    start([...program, ...words], { cwd: dir, ...more, env: { ...env, ...more.env } });
  const skerry = (words: readonly string[], more?: RunOptions): Promise<Outcome> =>
    run(words, more).ended;
  const ok = async (words: readonly string[], more?: RunOptions): Promise<string> => {
    const { code, stdout, stderr } = await skerry(words, more);
    expect(code, `skerry ${words.join(' ')}:\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  const destroyWhole = async (): Promise<void> => {
    await ok(['destroy', '--yes']);
    expect(leftOf(before, await surroundings(root))).toEqual([]);
    expect(await readdir(join(stateDir, 'labs')).catch(() => [])).toEqual([]);
    expect(await readdir(temp)).toEqual([]);
  };
  const write = (fresh: object): Promise<void> =>
    writeFile(join(dir, 'skerry.config.json'), JSON.stringify(fresh, undefined, 2));
  const begin = async (): Promise<void> => {
    if (typeof config === 'object') return write(config);
    await cp(config, dir, { recursive: true });
  };
  await begin();
  return {
    dir,
    stateDir,
    env,
    write,
    skerry,
    ok,
    start: run,
    destroyWhole,
    status: async () => JSON.parse(await ok(['status', '--json'])) as LabState,
    [Symbol.asyncDispose]: async () => {
      await begin();
      await finish([...program, 'destroy', '--yes'], { cwd: dir, env });
      await rm(root, { recursive: true, force: true });
    },
  };
}
