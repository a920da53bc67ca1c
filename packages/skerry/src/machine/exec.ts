// Runs a command in a guest through its agent, with the output as it comes. The agent itself gives output only at the
// end, so the command writes to two files in the guest's memory, which are read on while it runs.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Domain } from '@skerry/libvirt';
import { agentCommand, execStatus, GUEST_ENV } from './agent.ts';

export interface ExecOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes for the command's stdin; it is empty otherwise. At most 1 MiB: for more use ssh. */
  readonly input?: Buffer | undefined;
  /** More environment, as NAME=value. */
  readonly env?: readonly string[];
  readonly onOutput?: (stream: 'stdout' | 'stderr', data: Buffer) => void;
}

export interface ExecResult {
  /** 0-255; undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  /** Such as SIGTERM; undefined when it ended by itself. */
  readonly signal: string | undefined;
}

const CHUNK = 256 * 1024;
const FIRST_POLL_MS = 4;
const LAST_POLL_MS = 120;
// setsid, so that an abort reaches the command's children as well.
const WRAPPER = 'o=$0; e=$1; shift; cd; exec setsid "$@" >>"$o" 2>>"$e"';

/** Runs `command` (program and arguments) and resolves when it has ended. An abort kills it in the guest. */
export async function execInGuest(
  domain: Domain,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const base = `/run/skerry-${randomBytes(6).toString('hex')}`;
  const files = [`${base}.out`, `${base}.err`] as const;
  const [out, err] = await Promise.all(files.map((path) => openFile(domain, path)));
  if (out === undefined || err === undefined) throw new Error('unreachable');
  const { pid } = await agentCommand<{ pid: number }>(domain, 'guest-exec', {
    path: '/bin/sh',
    arg: ['-c', WRAPPER, ...files, ...command],
    env: [...GUEST_ENV, ...(options.env ?? [])],
    ...(options.input && { 'input-data': options.input.toString('base64') }),
  });
  try {
    return await follow(domain, pid, [out, err], options);
  } catch (error) {
    // Also when the wait was aborted: nothing may go on running that nobody waits for.
    await fire(domain, '/bin/kill', ['-KILL', '--', `-${pid}`]);
    throw error;
  } finally {
    await Promise.allSettled(
      [out, err].map((handle) => agentCommand(domain, 'guest-file-close', { handle })),
    );
    await fire(domain, '/bin/rm', ['-f', ...files]);
  }
}

async function follow(
  domain: Domain,
  pid: number,
  [out, err]: readonly [number, number],
  { signal, onOutput }: ExecOptions,
): Promise<ExecResult> {
  for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 1.4, LAST_POLL_MS)) {
    signal?.throwIfAborted();
    const status = await execStatus(domain, pid, signal);
    const read = await Promise.all([
      drain(domain, out, (data) => onOutput?.('stdout', data)),
      drain(domain, err, (data) => onOutput?.('stderr', data)),
    ]);
    if (status.exited) return { exitCode: status.exitcode, signal: signalName(status.signal) };
    if (read.some((bytes) => bytes > 0)) wait = FIRST_POLL_MS * 4;
    await sleep(wait, undefined, signal ? { signal } : {});
  }
}

/** Reads all there is at this moment. */
async function drain(
  domain: Domain,
  handle: number,
  onData: (data: Buffer) => void,
): Promise<number> {
  let total = 0;
  for (;;) {
    const chunk = await agentCommand<{ count: number; 'buf-b64': string; eof: boolean }>(
      domain,
      'guest-file-read',
      { handle, count: CHUNK },
    );
    if (chunk.count > 0) onData(Buffer.from(chunk['buf-b64'], 'base64'));
    total += chunk.count;
    if (chunk.count < CHUNK) return total;
  }
}

function openFile(domain: Domain, path: string): Promise<number> {
  return agentCommand<number>(domain, 'guest-file-open', { path, mode: 'w+' });
}

/** Starts something in the guest and does not wait for its end. */
async function fire(domain: Domain, path: string, arg: readonly string[]): Promise<void> {
  await agentCommand(domain, 'guest-exec', { path, arg }).catch(() => {});
}

function signalName(number: number | undefined): string | undefined {
  if (number === undefined || number === 0) return undefined;
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}
