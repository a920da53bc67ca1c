import { SkerryError } from '../util/errors.ts';

const CODES = {
  denied: 'CLOUD_DENIED',
  'not-found': 'CLOUD_NOT_FOUND',
  invalid: 'CLOUD_INVALID',
  conflict: 'CLOUD_CONFLICT',
  unreachable: 'CLOUD_UNREACHABLE',
  timeout: 'CLOUD_TIMEOUT',
  libvirt: 'CLOUD_FAILED',
  failed: 'CLOUD_FAILED',
} as const;

/** What the cloud refuses, as the errors of the CLI, with their exit codes and hints. */
export async function inCliWords<T>(command: string, work: Promise<T>): Promise<T> {
  const { VerbError } = await import('../cloud/verb-error.ts');
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof VerbError)) throw cause;
    const hint =
      cause.details.hint ?? 'an administrator grants it: skerry vm permission-set --help';
    throw new SkerryError(CODES[cause.code], {
      data: { detail: cause.message, hint, command },
      cause,
    });
  }
}
