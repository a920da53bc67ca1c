// What a lab could leave behind on its host: processes, mounts and network links.
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { finish } from './cli.ts';

export interface Surroundings {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly links: readonly string[];
}

/** A process that belongs to a folder: it has it in its words, its environment or its mounts. */
export interface LabProcess {
  readonly pid: number;
  readonly words: string;
  /** Real user id, as the host counts. */
  readonly uid: number;
}

/** Everything a lab in `folder` could leave; processes of others are not counted, mounts and links are. */
export async function surroundings(folder: string): Promise<Surroundings> {
  const [processes, mounts, links] = await Promise.all([
    processesOf(folder),
    readFile('/proc/self/mountinfo', 'utf8'),
    finish(['ip', '-brief', 'link']),
  ]);
  return {
    processes: processes.map(({ pid, words }) => `${pid} ${words}`),
    mounts: mounts.split('\n').map((line) => line.split(' ').slice(3, 5).join(' on ')),
    links: links.stdout.split('\n').map((line) => line.split(/\s+/)[0] ?? ''),
  };
}

/** What is there now and was not before. */
export function leftOf(before: Surroundings, after: Surroundings): string[] {
  return (['processes', 'mounts', 'links'] as const).flatMap((kind) => {
    const known = new Set(before[kind]);
    return after[kind].filter((one) => !known.has(one)).map((one) => `${kind}: ${one}`);
  });
}

/** The processes that have anything to do with a folder (its last part must be unique), this one excepted. */
export async function processesOf(folder: string): Promise<LabProcess[]> {
  const sign = basename(folder);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid): Promise<LabProcess | undefined> => {
      if (pid === process.pid) return undefined;
      const [words, environment, mounts, status] = await Promise.all(
        ['cmdline', 'environ', 'mountinfo', 'status'].map((file) =>
          readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''),
        ),
      );
      if (![words, environment, mounts].some((text) => text?.includes(sign))) return undefined;
      if (/^State:\s+Z/m.test(status ?? '')) return undefined;
      const uid = Number(/^Uid:\s+(\d+)/m.exec(status ?? '')?.[1]);
      return { pid, uid, words: words?.replaceAll('\0', ' ').trim() ?? '' };
    }),
  );
  return found.filter((one) => one !== undefined);
}
