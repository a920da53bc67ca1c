import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext } from './bench.ts';
import { run, runTimed, type ProcessResult, type TimedResult } from './process.ts';
import type { BuiltSkerry } from './skerry.ts';

/** A lab in the bench's folder, in a state folder of its own. */
export interface SkerryLab {
  /** Runs `skerry ARGS` in the lab's folder. */
  readonly skerry: (...args: readonly string[]) => Promise<ProcessResult>;
  /** The same, and says how much CPU time the command took, not the lab it started. */
  readonly timed: (...args: readonly string[]) => Promise<TimedResult>;
}

/** A name of examples/, or a lab file in JSON. */
export type LabSource = { readonly example: string } | { readonly file: object };

const SKERRY_MS = 10 * 60_000;

/** Makes the folder `name`; whatever of the lab still runs at the end of the bench is destroyed. */
export async function prepareLab(
  { dir, signal, cleanup }: BenchContext,
  { argv, env }: BuiltSkerry,
  name: string,
  source: LabSource,
): Promise<SkerryLab> {
  const lab = join(dir, name);
  await mkdir(lab);
  if ('example' in source) {
    const example = join(import.meta.dirname, '..', '..', 'examples', source.example);
    await cp(example, lab, { recursive: true });
  } else await writeFile(join(lab, 'skerry.config.json'), JSON.stringify(source.file));
  cleanup.defer(async () => {
    const options = { signal: AbortSignal.timeout(60_000), env, cwd: lab };
    await run([...argv, 'destroy', '--yes'], options);
  });
  const options = { signal, env, cwd: lab, timeoutMs: SKERRY_MS };
  return {
    skerry: (...args) => run([...argv, ...args], options),
    timed: (...args) => runTimed([...argv, ...args], options),
  };
}
