import { availableParallelism, homedir, totalmem } from 'node:os';
import type { ValidateOptions } from './validate.ts';

/** What this host and user allow a lab. */
export function hostLimits(): Pick<ValidateOptions, 'hostMemoryMiB' | 'hostCpus' | 'uid' | 'home'> {
  return {
    hostMemoryMiB: Math.floor(totalmem() / 2 ** 20),
    hostCpus: availableParallelism(),
    home: homedir(),
    uid: process.getuid?.() ?? 0,
  };
}
