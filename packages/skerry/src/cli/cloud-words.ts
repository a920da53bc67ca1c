import type { VerbErrorData } from '../cloud/bus/messages.ts';
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
    const usual = 'an administrator grants it: skerry vm permission-set --help';
    throw new SkerryError(CODES[cause.code], {
      data: { detail: cause.message, command, ...(cause.code === 'denied' && { hint: usual }) },
      hint: cause.details.hint ?? listHint(command, cause.code),
      cause,
    });
  }
}

/** Of people, roles and the like another list says what there is than of machines. */
function listHint(command: string, code: VerbErrorData['code']): string | undefined {
  const [, group] = /^skerry cloud (user|role|grant|token) /.exec(command) ?? [];
  if (group === undefined || (code !== 'not-found' && code !== 'conflict')) return undefined;
  return `see what there is: skerry cloud ${group} list`;
}

/** Asks the cloud that the commands are about. */
export async function askCloud(
  command: string,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const { RestClient } = await import('../cloud/client/rest-client.ts');
  const { findCloud } = await import('./cloud-access.ts');
  const client = new RestClient(await findCloud());
  return inCliWords(command, client.call(method, path, body, signal));
}
