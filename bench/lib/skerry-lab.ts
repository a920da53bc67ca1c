import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchContext, BenchError } from './bench.ts';
import { run, type ProcessResult } from './process.ts';
import type { BuiltSkerry } from './skerry.ts';

/** A copy of one of examples/ in the bench's folder, in a state folder of its own. */
export interface SkerryLab {
  /** Runs `skerry ARGS` in the lab's folder. */
  readonly skerry: (...args: readonly string[]) => Promise<ProcessResult>;
}

const SKERRY_MS = 10 * 60_000;
const TICKS_A_SECOND = 100;

/** Copies the example; whatever of it still runs at the end of the bench is destroyed. */
export async function prepareLab(
  { dir, signal, cleanup }: BenchContext,
  { argv, env }: BuiltSkerry,
  example: string,
): Promise<SkerryLab> {
  const lab = join(dir, 'lab');
  await mkdir(lab);
  await cp(join(import.meta.dirname, '..', '..', 'examples', example), lab, { recursive: true });
  cleanup.defer(async () => {
    const options = { signal: AbortSignal.timeout(60_000), env, cwd: lab };
    await run([...argv, 'destroy', '--yes'], options);
  });
  return {
    skerry: (...args) => run([...argv, ...args], { signal, env, cwd: lab, timeoutMs: SKERRY_MS }),
  };
}

/** What an idle supervisor takes: resident memory in MiB, and CPU time in percent of one core over `seconds`. */
export async function measureSupervisor(
  dir: string,
  seconds: number,
  signal: AbortSignal,
): Promise<{ rssMiB: number; cpuPercent: number }> {
  const pid = await supervisorPid(dir);
  const before = await cpuTicks(pid);
  await sleep(seconds * 1000, undefined, { signal });
  const ticks = (await cpuTicks(pid)) - before;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const rssKiB = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return { rssMiB: rssKiB / 1024, cpuPercent: (ticks / TICKS_A_SECOND / seconds) * 100 };
}

async function supervisorPid(dir: string): Promise<string> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const script = words.find((word) => word.startsWith(dir) && word.endsWith('/supervisor.cjs'));
    if (script !== undefined && /(?:^|\/)node$/.test(words[0] ?? '')) return pid;
  }
  throw new BenchError('no supervisor of the bench runs');
}

async function cpuTicks(pid: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
