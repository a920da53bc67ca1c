import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LabSpec } from '../lab-file/spec.ts';
import { cloneSuperproject } from '../superproject/checkout/clone.ts';
import { Network } from '../superproject/network.ts';
import { SkerryError } from '../util/errors.ts';
import { sweepLeft } from '../util/sweep-left.ts';
import type { Progress } from './progress.ts';

/**
 * Clones the superproject of a lab with all its components where it is missing. What is there is left as it is: it is the
 * user's work tree. It appears under its name when it is whole; what a killed clone left is removed by the next one.
 *
 * @throws LAB_SOURCE, and what cloneSuperproject throws
 */
export async function fetchSource(
  { source }: Pick<LabSpec, 'source'>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (!source || existsSync(source.dir)) return;
  const { url, ref, dir } = source;
  await progress.phase('source', undefined, async () => {
    await sweep(dir);
    const part = partOf(dir, process.pid);
    try {
      const { components } = await cloneSuperproject(new Network({ signal }), {
        url,
        ref,
        dir: part,
        attach: true,
        onProgress: (text) => progress.note('source', undefined, text),
      });
      const failed = components.find(({ error }) => error !== undefined);
      if (failed?.error)
        throw new SkerryError('LAB_SOURCE', {
          data: { url, name: failed.name, reason: failed.error.message },
          cause: failed.error,
        });
      // Another `up` may have been faster: then its clone is as good.
      if (!existsSync(dir)) await rename(part, dir);
    } finally {
      await rm(part, { recursive: true, force: true, maxRetries: 3 });
    }
  });
}

function partOf(dir: string, pid: number): string {
  return join(dirname(dir), `.${basename(dir)}.part-${pid}`);
}

function sweep(dir: string): Promise<void> {
  const prefix = `.${basename(dir)}.part-`;
  const pidOf = (name: string): string | undefined =>
    name.startsWith(prefix) ? /^\d+$/.exec(name.slice(prefix.length))?.[0] : undefined;
  return sweepLeft(dirname(dir), pidOf);
}
