import { availableParallelism, totalmem } from 'node:os';
import type { ValidateOptions } from './validate.ts';

/** What this host and user allow a lab. */
export function hostLimits(): Pick<ValidateOptions, 'hostMemoryMiB' | 'hostCpus' | 'uid'> {
  return {
    hostMemoryMiB: Math.floor(totalmem() / 2 ** 20),
    hostCpus: availableParallelism(),
    uid: process.getuid?.() ?? 0,
  };
}
