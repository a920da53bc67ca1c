import type { ErrorCode } from '../util/error-table.ts';

/** Something about this host that stops sandboxes: the same for `skerry doctor` and for the error of a failed start. */
export interface HostProblem {
  readonly code: Extract<
    ErrorCode,
    'PROGRAM_MISSING' | 'SUBUID_MISSING' | 'TUN_DENIED' | 'USERNS_DENIED'
  >;
  /** One sentence without a full stop. */
  readonly finding: string;
  /** Lines for a shell, in order; those that begin with `#` explain. */
  readonly remedy: readonly string[];
}

/** The remedy as one line that can be pasted. */
export function remedyLine({ remedy }: Pick<HostProblem, 'remedy'>): string {
  return remedy.filter((line) => !line.startsWith('#')).join(' && ');
}
