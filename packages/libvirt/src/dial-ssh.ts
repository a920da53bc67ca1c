import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { DialOptions } from './dial.ts';
import { ConnectError } from './errors.ts';
import type { SshTransport } from './transports.ts';

const STDERR_KEPT = 4096;
const KILL_AFTER_MS = 2000;

/**
 * Runs the system's ssh, with its configuration, agent and known hosts, and talks over its pipes.
 * What ssh says on stderr is in the error when it ends.
 */
export async function dialSsh(
  transport: SshTransport,
  address: string,
  { signal, isReadOnly }: DialOptions,
): Promise<Duplex> {
  const child = spawn(transport.program, sshArguments(transport, isReadOnly), { stdio: 'pipe' });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('spawn', resolve).once('error', reject);
  try {
    await promise;
  } catch (cause) {
    const reason = `${transport.program} cannot be run`;
    throw new ConnectError(address, reason, { cause });
  }
  const stream = new ChildStream(child, address);
  if (signal.aborted) stream.destroy(signal.reason as Error);
  return stream;
}

/** The arguments of ssh. The words of the URI were checked when it was parsed. */
export function sshArguments(transport: SshTransport, isReadOnly: boolean): string[] {
  const { host, port, user, keyFile, isVerified, mayAsk } = transport;
  return [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(keyFile === undefined ? [] : ['-i', keyFile]),
    ...['-T', '-e', 'none'],
    ...(mayAsk ? [] : ['-o', 'BatchMode=yes']),
    ...(isVerified ? [] : ['-o', 'StrictHostKeyChecking=no']),
    // Nothing after this is an option, whatever it looks like.
    ...['--', host, `sh -c '${remoteScript(transport, isReadOnly)}'`],
  ];
}

/** Runs in sh after the user's own shell has taken off the quotes, so it may contain none. */
function remoteScript(transport: SshTransport, isReadOnly: boolean): string {
  const { proxy, netcat, sockets, helperUri } = transport;
  const helper = `exec virt-ssh-helper ${isReadOnly ? '-r ' : ''}${helperUri ?? ''}`;
  if (proxy === 'native') return helper;
  // Netcats differ: only some have -q, and only those need it to end with their input.
  const viaNetcat = [
    `if ${netcat} -h 2>&1 | grep -q -e -q; then q=-q0; fi`,
    `for s in ${sockets.join(' ')}; do if [ -S $s ]; then exec ${netcat} $q -U $s; fi; done`,
    `echo no libvirt socket at ${sockets.join(' or ')} >&2; exit 1`,
  ].join('; ');
  if (proxy === 'netcat') return viaNetcat;
  return `if command -v virt-ssh-helper >/dev/null 2>&1; then ${helper}; fi; ${viaNetcat}`;
}

/** A process's pipes as one stream, which ends the process when it is destroyed. */
class ChildStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #address: string;
  #stderr = '';

  constructor(child: ChildProcessWithoutNullStreams, address: string) {
    super({ allowHalfOpen: false });
    this.#child = child;
    this.#address = address;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    child.stdin.on('error', () => {}); // The exit says more than EPIPE.
    child.once('close', (code, signal) => this.#ended(signal ?? `status ${code}`));
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    if (this.#child.stdin.write(chunk) || this.#child.stdin.destroyed) callback();
    else this.#child.stdin.once('drain', callback);
  }

  override _final(callback: () => void): void {
    this.#child.stdin.end(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const child = this.#child;
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    timer.unref();
    child.once('close', () => clearTimeout(timer));
    callback(error);
  }

  #ended(how: string): void {
    const said = this.#stderr.trim();
    if (said === '' && how === 'status 0') this.push(null);
    else this.destroy(new ConnectError(this.#address, `ssh ended with ${how}: ${said}`));
  }
}
