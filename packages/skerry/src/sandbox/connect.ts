import { connect, type Connection } from '@skerry/libvirt';
import { sandboxStatus } from './gateway.ts';
import { preflight } from './preflight.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import { poll } from '../util/poll.ts';

const LIBVIRTD_MS = 30_000;
// The sandbox's libvirtd takes 20 requests a client (sandbox/config.ts); keepalive needs one of them.
const IN_FLIGHT = 16;

/** Connects to the libvirtd of a running sandbox. LIBVIRTD_DOWN when it cannot be had. */
export async function connectLab(paths: LabPaths, signal?: AbortSignal): Promise<Connection> {
  const uri = `qemu:///system?socket=${encodeURIComponent(paths.libvirtSocket)}`;
  let last: unknown;
  return poll(
    async () => {
      try {
        return await connect(uri, { maxInFlight: IN_FLIGHT, signal });
      } catch (error) {
        last = error;
        const status = await sandboxStatus(paths.gatewaySocket);
        if (!status || status.libvirtd === 'failed')
          throw (
            (await preflight(signal)) ??
            libvirtdDown(paths, status?.reason ?? 'the sandbox ended', error)
          );
        return undefined;
      }
    },
    {
      signal,
      timeoutMs: LIBVIRTD_MS,
      intervalMs: 15,
      maxIntervalMs: 100,
      onTimeout: () => libvirtdDown(paths, String(last), last),
    },
  );
}

function libvirtdDown(paths: LabPaths, reason: string, cause: unknown): SkerryError {
  return new SkerryError('LIBVIRTD_DOWN', {
    data: { reason, log: `${paths.logDir}/libvirtd.log` },
    cause,
  });
}
