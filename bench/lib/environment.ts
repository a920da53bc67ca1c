import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { run } from './process.ts';

/** Where and when a bench ran. */
export interface Environment {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted a CPU in the minute before: others' work spoils times. */
  readonly loadBefore: number;
}

/** @param commit the one to be measured; the working tree if undefined */
export async function environmentOf(
  commit: string | undefined,
  signal: AbortSignal,
): Promise<Environment> {
  return {
    date: new Date().toISOString(),
    commit: await commitOf(commit, signal),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '',
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

async function commitOf(commit: string | undefined, signal: AbortSignal): Promise<string> {
  const git = async (...args: string[]): Promise<string> =>
    (await run(['git', ...args], { signal, cwd: import.meta.dirname })).stdout.trim();
  const id = await git('rev-parse', '--short', commit ?? 'HEAD');
  if (commit !== undefined) return id;
  return (await git('status', '--porcelain', '--', '../../packages')) ? `${id} with changes` : id;
}
