import { SkerryError } from '../util/errors.ts';
import type { ProvisionTarget } from './target.ts';

interface Details {
  readonly provisioner: string;
  readonly target: Pick<ProvisionTarget, 'machine'>;
  readonly reason: string;
  /** The last lines it said. */
  readonly tail?: readonly string[];
  readonly cause?: unknown;
  /** In a file of this host. */
  readonly at?: { readonly file: string; readonly line: number; readonly column?: number };
}

/** A provisioner's failure, with the last of its output below the reason. */
export function provisionFailure(details: Details): SkerryError {
  const { provisioner, target, tail = [], cause, at } = details;
  const reason = [details.reason, ...tail.map((line) => `  ${line}`)].join('\n');
  return new SkerryError('PROVISION_FAILED', {
    data: { provisioner, machine: target.machine.name, reason },
    ...(cause !== undefined && { cause }),
    ...(at && { place: { file: at.file, line: at.line, column: at.column ?? 1 } }),
  });
}
