import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectError } from './errors.ts';

const RETRY_MS = 100;
const WAIT_MS = 10_000;
/** The daemon ends by itself after so many seconds without a client. */
const IDLE_S = 120;

/**
 * Starts the user's own libvirt daemon, as libvirt's own client does, and connects to it. Two
 * processes may do so at once: the daemons lock a file, and the second one ends.
 */
export async function startSessionDaemon<T>(
  address: string,
  connect: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const program = findProgram(['virtqemud', 'libvirtd']);
  if (process.getuid?.() === 0) {
    throw new ConnectError(address, 'root has no session daemon; use qemu:///system');
  }
  if (program === undefined) {
    throw new ConnectError(address, 'neither virtqemud nor libvirtd is installed');
  }
  // Detached and without our files: it serves others when we are gone.
  const child = spawn(program, [`--timeout=${IDLE_S}`], { detached: true, stdio: 'ignore' });
  child.unref();
  let failure: unknown;
  child.once('error', (error) => (failure = error));
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    await delay(RETRY_MS, undefined, { signal });
    try {
      return await connect();
    } catch (error) {
      signal.throwIfAborted();
      if (failure === undefined && performance.now() < deadline) continue;
      const reason = `${program} was started, but does not answer`;
      throw new ConnectError(address, reason, { cause: failure ?? error });
    }
  }
}

/** Daemons are often in folders that are not on an ordinary user's PATH. */
function findProgram(names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find((file) => existsSync(file));
}
