// Waits until a machine that was started answers; meanwhile the console is shown and the machine watched.
import { statfs } from 'node:fs/promises';
import type { Domain } from '@skerry/libvirt';
import type { GuestChannel } from '../guest/exec.ts';
import { consoleTail } from '../machine/console-log.ts';
import { isHelperMissing, openGuest } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import { poll } from '../util/poll.ts';
import type { LabContext } from './context.ts';
import type { Phase } from './progress.ts';

const BOOT_MS = { kvm: 120_000, tcg: 600_000 };
/** A thawed machine answers within a second or two, or never. */
const THAW_MS = { kvm: 20_000, tcg: 90_000 };
const WATCH_MS = 250;
/** With so little left QEMU ends, whatever it says of the reason. */
const FULL_BYTES = 64 * 1024;

type WaitContext = Pick<LabContext, 'progress' | 'accel' | 'paths' | 'signal'>;

/** The guest's helper answers by itself as soon as it can. `phase` is what the wait is part of. */
export async function waitForGuest(
  context: WaitContext,
  domain: Domain,
  phase: Phase,
): Promise<GuestChannel> {
  const { progress, accel, paths } = context;
  const machine = domain.name;
  const limitMs = (phase === 'thaw' ? THAW_MS : BOOT_MS)[accel];
  let shown = '';
  const watch = async (): Promise<undefined> => {
    const { state, reason } = await domain.state();
    const tail = await consoleTail(paths, machine);
    if (tail !== shown) progress.note(phase, machine, (shown = tail));
    if (reason === 'ioerror') throw await diskError(context, domain);
    if (state !== 'running' && (await freeBytes(paths)) < FULL_BYTES)
      throw await diskError(context, domain);
    if (state !== 'running') throw stopped(machine, shown, `${state}, ${reason}`);
    return undefined;
  };
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  try {
    return await Promise.race([
      openGuest(paths.gatewaySocket, machine, { signal, timeoutMs: limitMs }),
      poll<never>(watch, {
        signal,
        timeoutMs: limitMs,
        intervalMs: WATCH_MS,
        maxIntervalMs: WATCH_MS,
        onTimeout: () => timedOut(machine, shown, limitMs),
      }),
    ]);
  } catch (error) {
    context.signal.throwIfAborted();
    if (isHelperMissing(error)) {
      // It ended, and the watch would have said why.
      await watch();
      throw timedOut(machine, shown, limitMs);
    }
    throw error;
  } finally {
    ended.abort();
  }
}

/** QEMU pauses a machine whose disk cannot be written, and would for ever: off with it, the next `up` boots it anew. */
async function diskError({ paths }: WaitContext, domain: Domain): Promise<SkerryError> {
  await domain.destroy().catch(() => {});
  const free = `${Math.floor((await freeBytes(paths)) / 1024)} KiB are free in ${paths.machinesDir}`;
  const detail = `${domain.name} could not write its disk and was switched off; ${free}`;
  return new SkerryError('DISK_FULL', { data: { detail } });
}

async function freeBytes({ machinesDir }: LabPaths): Promise<number> {
  const { bavail, bsize } = await statfs(machinesDir);
  return bavail * bsize;
}

function timedOut(machine: string, console: string, limitMs: number): SkerryError {
  const data = { machine, seconds: limitMs / 1000, console: console || '(nothing)' };
  return new SkerryError('MACHINE_BOOT_TIMEOUT', { data });
}

function stopped(machine: string, console: string, state: string): SkerryError {
  const data = { machine, state, console: console || '(nothing)' };
  return new SkerryError('MACHINE_STOPPED', { data });
}
