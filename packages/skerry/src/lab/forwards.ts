import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stopForwards } from '../sandbox/gateway.ts';
import type { ForwardStatus } from '../sandbox/protocol.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import { SCRIPT_EXTENSION } from '../util/script-extension.ts';
import type { LabSpec } from '../lab-file/spec.ts';

/** One port on the host that leads into a machine. */
export interface Forward {
  readonly machine: string;
  readonly address: string;
  readonly host: number;
  readonly guest: number;
}

/** What the forwarder process says once, on its IPC channel. */
export type ForwarderReport =
  | { readonly ok: true }
  | { readonly error: string; readonly forward: Forward };

/** All forwards of the lab file. Pure. */
export function forwardsOf(lab: LabSpec): Forward[] {
  return lab.machines.flatMap((machine) =>
    machine.forwards.map(({ address, host, guest }) => ({
      machine: machine.name,
      address,
      host,
      guest,
    })),
  );
}

/**
 * Has exactly the forwards of the lab file running in one background process that ends with the sandbox.
 * @param all the forwards there are
 * @throws PORT_TAKEN before anything else of the lab has started
 */
export async function applyForwards(
  lab: LabSpec,
  paths: LabPaths,
  all: readonly ForwardStatus[],
): Promise<void> {
  const wanted = forwardsOf(lab);
  const running = all.filter(({ background }) => background);
  const key = ({ machine, address, host, guest }: Forward): string =>
    `${address}:${host}>${machine}:${guest}`;
  if (running.map(key).sort().join() === wanted.map(key).sort().join()) return;
  if (running.length > 0) await stopForwards(paths.gatewaySocket);
  if (wanted.length > 0) await startForwarder(wanted, paths);
}

async function startForwarder(forwards: readonly Forward[], paths: LabPaths): Promise<void> {
  const script = fileURLToPath(new URL(`./forwarder${SCRIPT_EXTENSION}`, import.meta.url));
  const log = await open(join(paths.logDir, 'forwarder.log'), 'w');
  const child = spawn(process.execPath, ['--max-semi-space-size=1', script], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  child.send({ socketPath: paths.gatewaySocket, forwards });
  const report = (await Promise.race([
    once(child, 'message').then(([message]) => message as ForwarderReport),
    once(child, 'exit').then(() => ({
      error: `see ${paths.logDir}/forwarder.log`,
      forward: forwards[0],
    })),
  ])) as ForwarderReport;
  if (child.connected) child.disconnect();
  child.unref();
  if ('error' in report) throw forwardError(report);
}

/** The error for a port that could not be had. */
export function forwardError({
  error,
  forward,
}: Extract<ForwarderReport, { error: string }>): SkerryError {
  const { address, host, machine, guest } = forward;
  return new SkerryError('PORT_TAKEN', {
    data: { address, port: host, machine, guest, reason: error },
  });
}
