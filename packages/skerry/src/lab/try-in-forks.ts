// Runs a command many times, each time in a fork of its own that begins from the same instant: for what fails now and then.
import { randomBytes } from 'node:crypto';
import { labPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { destroy } from './destroy.ts';
import { execOnLab, worstExitCode } from './exec.ts';
import { forkLab } from './fork.ts';
import type { ProgressEvent } from './progress.ts';
import { deleteSnapshots } from './snapshots.ts';
import { saveSnapshot } from './snapshot-save.ts';

export interface TryOptions {
  readonly command: readonly string[];
  /** The machines it runs on, all at once. */
  readonly machines: readonly string[];
  readonly times: number;
  readonly from?: string | undefined;
  /** Leave the forks in which it failed, to look into. */
  readonly keepFailed: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  readonly onResult?: ((result: TryResult) => void) | undefined;
}

export interface TryResult {
  /** Counted from 1. */
  readonly run: number;
  /** Of the worst machine. */
  readonly exitCode: number;
  readonly forkMs: number;
  readonly commandMs: number;
  /** The end of what it wrote, stdout and stderr as they came, machine by machine. */
  readonly output: Readonly<Record<string, string>>;
  /** The fork, where it was kept. */
  readonly fork?: string | undefined;
}

const OUTPUT_BYTES = 64 * 1024;

/** One result for each run; a command that fails is a result, not an error. */
export async function tryInForks(lab: LabSpec, options: TryOptions): Promise<TryResult[]> {
  const { times, signal, onProgress } = options;
  const batch = randomBytes(3).toString('hex');
  await using cleanup = new AsyncDisposableStack();
  const from = options.from ?? `try-${batch}`;
  if (options.from === undefined) {
    await saveSnapshot(lab, from, { signal, onProgress });
    cleanup.defer(() => deleteSnapshots(lab, [from], { signal: AbortSignal.timeout(60_000) }));
  }
  const results: TryResult[] = [];
  for (let run = 1; run <= times; run += 1) {
    const result = await tryOnce(lab, run, `try-${batch}-${run}`, from, options);
    results.push(result);
    options.onResult?.(result);
  }
  return results;
}

async function tryOnce(
  origin: LabSpec,
  run: number,
  name: string,
  from: string,
  { command, machines, keepFailed, signal, onProgress }: TryOptions,
): Promise<TryResult> {
  const { lab, elapsedMs: forkMs } = await forkLab(origin, name, { signal, from, onProgress });
  await using undo = new AsyncDisposableStack();
  undo.defer(() => destroy(labPaths(lab), { machines: [], signal: AbortSignal.timeout(60_000) }));
  const output: Record<string, string> = {};
  const began = performance.now();
  const ran = await execOnLab(lab, {
    ...{ machines, command, signal },
    onOutput: (machine, _stream, data) => {
      output[machine] = ((output[machine] ?? '') + data.toString('utf8')).slice(-OUTPUT_BYTES);
    },
  });
  const exitCode = worstExitCode(ran);
  const commandMs = Math.round(performance.now() - began);
  const isKept = exitCode !== 0 && keepFailed;
  if (isKept) undo.move();
  return { run, exitCode, forkMs, commandMs, output, fork: isKept ? name : undefined };
}
