// Talks to the QEMU guest agent (qemu-ga 7.2, QMP schema qga/qapi-schema.json) of one machine, through libvirt's
// domain agent command. It needs no network in the guest.
import type { Domain } from '@skerry/libvirt';
import { SkerryError } from '../util/errors.ts';
import { poll } from '../util/poll.ts';

export interface AgentOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for this one command; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** Sends one command and gives its `return`. */
export async function agentCommand<T = unknown>(
  domain: Domain,
  execute: string,
  args?: Readonly<Record<string, unknown>>,
  options: AgentOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const command = { execute, ...(args && { arguments: args }) };
  return (await domain.agentCommand(command, {
    timeoutMs,
    ...(options.signal && { signal: options.signal }),
  })) as T;
}

/** Whether the agent answers at this moment. */
export async function isAgentThere(domain: Domain, signal?: AbortSignal): Promise<boolean> {
  try {
    await agentCommand(domain, 'guest-ping', undefined, { timeoutMs: 2000, signal });
    return true;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Makes the error: it knows the machine's console. */
  readonly onTimeout: () => Error;
  /** Looked at between two tries; throws when waiting is useless (the machine is off). */
  readonly check?: () => Promise<void>;
}

/** Waits until the agent answers. libvirt says at once when the guest has not opened the channel yet. */
export async function waitForAgent(domain: Domain, options: WaitOptions): Promise<void> {
  await poll(
    async () => {
      if (await isAgentThere(domain, options.signal)) return true;
      await options.check?.();
      return undefined;
    },
    { ...options, intervalMs: 100, maxIntervalMs: 200 },
  );
}

export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

/**
 * Runs a shell script in the guest and gives all its output at the end. The script goes in by stdin: what it holds
 * (keys) is in nobody's argument list. For the user's own commands see exec.ts, which streams.
 */
export async function runScript(
  domain: Domain,
  script: string,
  options: AgentOptions = {},
): Promise<ScriptResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const { pid } = await agentCommand<{ pid: number }>(
    domain,
    'guest-exec',
    {
      path: '/bin/sh',
      arg: ['-s'],
      env: GUEST_ENV,
      'input-data': Buffer.from(script).toString('base64'),
      'capture-output': true,
    },
    { signal: options.signal },
  );
  const status = await poll(
    async () => {
      const now = await execStatus(domain, pid, options.signal);
      return now.exited ? now : undefined;
    },
    {
      signal: options.signal,
      timeoutMs,
      intervalMs: 10,
      onTimeout: () => new SkerryError('GUEST_SCRIPT_TIMEOUT', { data: { machine: domain.name } }),
    },
  );
  return {
    exitCode: status.exitcode ?? 128 + (status.signal ?? 0),
    stdout: decode(status['out-data']),
    stderr: decode(status['err-data']),
  };
}

/** How a process begun with guest-exec fares. */
export function execStatus(domain: Domain, pid: number, signal?: AbortSignal): Promise<ExecStatus> {
  return agentCommand<ExecStatus>(domain, 'guest-exec-status', { pid }, { signal });
}

/** The environment of what runs in a guest: the agent's own has next to nothing in it. */
export const GUEST_ENV: readonly string[] = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'USER=root',
  'LOGNAME=root',
  'SHELL=/bin/bash',
  'LANG=C.UTF-8',
];

function decode(data: string | undefined): string {
  return data === undefined ? '' : Buffer.from(data, 'base64').toString('utf8');
}
