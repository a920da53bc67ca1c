import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, type BenchContext } from '../lib/bench.ts';

/** Mount, pid and network namespaces with a private libvirtd. */
export interface Namespace {
  /** The command line that runs `argv` inside, in the folder `cwd`. */
  readonly inside: (cwd: string, argv: readonly string[]) => readonly string[];
}

const START_MS = 60_000;

/** Starts it; the bench's cleanup ends it and everything that runs in it. */
export async function startNamespace(context: BenchContext): Promise<Namespace> {
  const { cleanup, signal } = context;
  const dir = join(context.dir, 'namespace');
  await mkdir(dir);
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc'],
      ...['sh', join(import.meta.dirname, 'namespace.sh')],
    ],
    {
      // Its stdin is a pipe from us: the namespace ends with the bench, however that ends.
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      cwd: '/',
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, BENCH_DIR: dir, LC_ALL: 'C.UTF-8' },
    },
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  cleanup.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  child.stdin.on('error', () => {});
  child.stderr.pipe(createWriteStream(join(dir, 'log')));
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.on('data', () => resolve(true));
    void ended.then(() => resolve(false));
    void sleep(START_MS, undefined, { signal, ref: false }).then(
      () => resolve(false),
      () => resolve(false),
    );
  });
  if (!(await ready)) {
    signal.throwIfAborted();
    const log = await readFile(join(dir, 'log'), 'utf8');
    throw new BenchError(`the namespace for Vagrant did not start:\n${log.slice(-2000)}`);
  }
  const pid = await childOf(child.pid ?? 0);
  return {
    inside: (cwd, argv) => [
      ...['nsenter', '-t', pid, '-m', '-p', '-n', '-u', '-i', '--'],
      ...['sh', '-c', 'cd "$0" && exec "$@"', cwd, ...argv],
    ],
  };
}

async function childOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim();
}
