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
// What goes to the guest in one message: the agent's parser chokes on much longer ones.
const PIECE = 24 * 1024;
// A look costs the guest some of the CPU the command wants (10 ms under emulation), so output is read less often than
// the end is looked for.
const FIRST_POLL_MS = 25;
const LAST_POLL_MS = 100;
const READ_EVERY_MS = 150;
const WRAPPER = 'o=$1; e=$2; shift 2; cd; exec "$@" >>"$o" 2>>"$e"';
const KILL_TREE =
  'k() { for c in $(cat /proc/$1/task/*/children 2>/dev/null); do k $c; done; kill -KILL $1 2>/dev/null; }; k $0';

/** Runs `command` (program and arguments) and resolves when it has ended. An abort kills it in the guest. */
export async function execInGuest(
  domain: Domain,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const base = `/run/skerry-${randomBytes(6).toString('hex')}`;
  const files = [`${base}.out`, `${base}.err`] as const;
  const long = (options.input?.length ?? 0) > PIECE ? options.input : undefined;
  if (long) await writeGuestFile(domain, `${base}.in`, long);
  const { pid } = await agentCommand<{ pid: number }>(domain, 'guest-exec', {
    path: '/bin/sh',
    arg: ['-c', long ? `exec <"$0"; ${WRAPPER}` : WRAPPER, `${base}.in`, ...files, ...command],
    env: [...GUEST_ENV, ...(options.env ?? [])],
    ...(options.input && !long && { 'input-data': options.input.toString('base64') }),
  });
  // Either side may be the first to make a file, so the command need not wait for us.
  const handles = Promise.all([openFile(domain, files[0]), openFile(domain, files[1])]);
  try {
    return await follow(domain, pid, await handles, options);
  } catch (error) {
    // Also when the wait was aborted: nothing may go on running that nobody waits for.
    await fire(domain, '/bin/sh', ['-c', KILL_TREE, String(pid)]);
    throw error;
  } finally {
    const opened = await handles.catch(() => []);
    await Promise.allSettled(
      opened.map((handle) => agentCommand(domain, 'guest-file-close', { handle })),
    );
    await fire(domain, '/bin/rm', ['-f', `${base}.in`, ...files]);
  }
}

async function follow(
  domain: Domain,
  pid: number,
  [out, err]: readonly [number, number],
  { signal, onOutput }: ExecOptions,
): Promise<ExecResult> {
  let readAt = performance.now();
  for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 1.3, LAST_POLL_MS)) {
    await sleep(wait, undefined, signal ? { signal } : {});
    const status = await execStatus(domain, pid, signal);
    if (status.exited || performance.now() - readAt >= READ_EVERY_MS) {
      await Promise.all([
        drain(domain, out, (data) => onOutput?.('stdout', data)),
        drain(domain, err, (data) => onOutput?.('stderr', data)),
      ]);
      readAt = performance.now();
    }
    if (status.exited) return { exitCode: status.exitcode, signal: signalName(status.signal) };
  }
}

/** Reads all there is at this moment. */
async function drain(
  domain: Domain,
  handle: number,
  onData: (data: Buffer) => void,
): Promise<void> {
  for (;;) {
    const chunk = await agentCommand<{ count: number; 'buf-b64': string; eof: boolean }>(
      domain,
      'guest-file-read',
      { handle, count: CHUNK },
    );
    if (chunk.count > 0) onData(Buffer.from(chunk['buf-b64'], 'base64'));
    if (chunk.count < CHUNK) return;
  }
}

async function writeGuestFile(domain: Domain, path: string, data: Buffer): Promise<void> {
  const handle = await openFile(domain, path);
  try {
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.subarray(at, at + PIECE).toString('base64');
      await agentCommand(domain, 'guest-file-write', { handle, 'buf-b64': piece });
    }
  } finally {
    await agentCommand(domain, 'guest-file-close', { handle });
  }
}

function openFile(domain: Domain, path: string): Promise<number> {
  return agentCommand<number>(domain, 'guest-file-open', { path, mode: 'a+' });
}

/** Starts something in the guest and does not wait for its end. */
async function fire(domain: Domain, path: string, arg: readonly string[]): Promise<void> {
  await agentCommand(domain, 'guest-exec', { path, arg }).catch(() => {});
}

/** The name of a signal by its number on Linux; undefined for none. Pure. */
export function signalName(number: number | undefined): string | undefined {
  if (number === undefined || number === 0) return undefined;
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}
