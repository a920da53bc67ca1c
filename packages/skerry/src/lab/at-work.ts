import { lockHolder } from '../util/file-lock.ts';
import type { LabPaths } from '../util/paths.ts';

/** A command that changes the lab at this moment. */
export interface AtWork {
  /** Such as `up` or `snapshot save before`. */
  readonly command: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
}

/** What the holder of a lab's lock calls itself. */
export function holderName(command: string, pid: number): string {
  return `skerry ${command} (process ${pid})`;
}

/** The command that holds the lab's lock; undefined where none does. Waits for nobody. */
export async function findAtWork({
  applyLock,
}: Pick<LabPaths, 'applyLock'>): Promise<AtWork | undefined> {
  const held = await lockHolder(applyLock);
  const [, command, pid] = /^skerry (.+) \(process (\d+)\)$/.exec(held?.holder ?? '') ?? [];
  if (!held || command === undefined) return undefined;
  return { command, pid: Number(pid), since: held.since.toISOString() };
}
