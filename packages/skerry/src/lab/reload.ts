import type { LabSpec } from '../lab-file/spec.ts';
import { haltLab, type HaltOptions } from './halt.ts';
import { Progress } from './progress.ts';
import { withTriggers } from './triggers.ts';
import { bringUp, type UpOptions, type UpResult } from './up.ts';

/** Halts machines and starts them again: triggers are those of `reload`. */
export async function reload(
  lab: LabSpec,
  options: HaltOptions & Pick<UpOptions, 'provision'>,
): Promise<UpResult> {
  const { signal, machines } = options;
  const progress = new Progress(options.onProgress);
  const done = await withTriggers(lab, 'reload', { progress, signal, machines }, async () => {
    await haltLab(lab, options, progress);
    return bringUp(lab, options, progress);
  });
  return { ...done, timings: progress.timings, elapsedMs: progress.elapsedMs };
}
