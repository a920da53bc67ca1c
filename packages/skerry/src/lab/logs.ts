import { createReadStream, existsSync, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { consoleLogPath, stripControls } from '../machine/console-log.ts';
import { labPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { isLibvirtdNoise, isQemuNoise } from './system-noise.ts';

/** A log file and whose it is. */
export interface LogSource {
  readonly name: string;
  readonly path: string;
  /** A line that is in the log of every lab. */
  readonly isNoise?: (line: string) => boolean;
}

/** The consoles of machines, or with `system` what the lab's own parts wrote: sandbox, libvirtd, forwarder, sync and QEMU. */
export function logSources(
  lab: LabSpec,
  machines: readonly string[],
  system: boolean,
): LogSource[] {
  const paths = labPaths(lab);
  if (!system) return machines.map((name) => ({ name, path: consoleLogPath(paths, name) }));
  const own = ['sandbox', 'libvirtd', 'forwarder', 'sync'].map((name) => ({
    ...{ name, path: join(paths.logDir, `${name}.log`) },
    ...(name === 'libvirtd' && { isNoise: isLibvirtdNoise }),
  }));
  const qemu = machines.map((name) => ({
    ...{ name, path: join(paths.libvirtDir, 'log', 'qemu', `${name}.log`), isNoise: isQemuNoise },
  }));
  return [...own, ...qemu];
}

/** The last lines of a log, without noise and terminal control characters; undefined when nothing was written yet. */
export async function lastLines(source: LogSource, count: number): Promise<string[] | undefined> {
  if (!existsSync(source.path)) return undefined;
  const lines = stripControls(await readFile(source.path, 'utf8')).split(/\r*\n/);
  if (lines.at(-1) === '') lines.pop();
  const { isNoise } = source;
  return (isNoise ? lines.filter((line) => !isNoise(line)) : lines).slice(-count);
}

const FOLDER_MS = 500;

/** Calls back for every line added to a log from now on, until the signal fires. It need not be there yet. */
export async function followLog(
  source: LogSource,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let from = (await stat(source.path).catch(() => undefined))?.size ?? 0;
  let rest = '';
  const readOn = async (): Promise<void> => {
    const size = (await stat(source.path).catch(() => undefined))?.size ?? 0;
    // Shorter than before: the machine was started anew.
    if (size < from) from = 0;
    if (size === from) return;
    const start = from;
    from = size;
    for await (const chunk of createReadStream(source.path, {
      start,
      end: size - 1,
      encoding: 'utf8',
    })) {
      const lines = stripControls(rest + String(chunk)).split(/\r*\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) if (!source.isNoise?.(line)) onLine(line);
    }
  };
  const folder = dirname(source.path);
  while (!signal.aborted && !existsSync(folder))
    await sleep(FOLDER_MS, undefined, { signal }).catch(() => {});
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    let busy = Promise.resolve();
    const watcher = watch(folder, () => {
      busy = busy.then(readOn);
    });
    busy = busy.then(readOn);
    signal.addEventListener('abort', () => {
      watcher.close();
      resolve();
    });
  });
}
