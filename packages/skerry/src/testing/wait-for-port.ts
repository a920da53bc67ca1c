import { openTunnel } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { poll } from '../util/poll.ts';
import type { WaitOptions } from './options.ts';

const TIMEOUT_MS = 60_000;

/** Waits until `port` of a machine takes a TCP connection. @throws PORT_SILENT */
export async function waitForPort(
  socketPath: string,
  machine: { readonly name: string; readonly address: string },
  port: number,
  { timeoutMs = TIMEOUT_MS, signal }: WaitOptions,
): Promise<void> {
  let cause: unknown;
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const silent = (): SkerryError =>
    new SkerryError('PORT_SILENT', {
      data: {
        ...{ port, machine: machine.name, seconds: timeoutMs / 1000 },
        reason: cause instanceof Error ? cause.message : 'no answer',
      },
      cause,
    });
  try {
    await poll(
      async () => {
        try {
          (await openTunnel(socketPath, machine.address, port, either)).destroy();
          return true;
        } catch (error) {
          // A look that the deadline cut short says less than those before.
          if (!either.aborted) cause = error;
          return undefined;
        }
      },
      { signal: either, timeoutMs, intervalMs: 50, onTimeout: silent },
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw deadline.aborted ? silent() : error;
  }
}
