import { execInGuest, type GuestChannel } from '../guest/exec.ts';
import type { ProbeSpec } from '../lab-file/spec-sync.ts';
import { SkerryError } from '../util/errors.ts';
import { parseProbeEvent, probeScript } from './probe-script.ts';

export interface ProbeOptions {
  /** The machine's own address: a port may be bound to that alone. */
  readonly address: string;
  readonly signal: AbortSignal;
  /** What it waits for, what the last look gave, and how long it goes on; not before it has taken 3 s. */
  readonly onWait?: ((detail: string, leftMs: number) => void) | undefined;
}

/** For a guest that does not answer any more. */
const SLACK_MS = 30_000;

/**
 * Waits in the machine until all probes are ready: no round trip for each look.
 * @throws PROBE_TIMEOUT saying which and what its last look gave, GUEST_LOST
 */
export async function waitForProbes(
  open: () => Promise<GuestChannel>,
  probes: readonly ProbeSpec[],
  { address, signal, onWait }: ProbeOptions,
): Promise<void> {
  if (probes.length === 0) return;
  const channel = await open();
  const { machine } = channel;
  const longest = Math.max(...probes.map(({ timeoutMs }) => timeoutMs));
  const deadline = AbortSignal.timeout(longest + SLACK_MS);
  const began = performance.now();
  let [text, errors, at, last] = ['', '', 0, 'the machine does not answer'];
  const late = (detail: string): SkerryError => {
    const probe = probes[at] ?? probes[0];
    const seconds = Math.round((probe?.timeoutMs ?? 0) / 1000);
    const data = { machine, probe: probe ? probeLabel(probe) : '', seconds, reason: detail };
    return new SkerryError('PROBE_TIMEOUT', { data });
  };
  const onOutput = (stream: 'stdout' | 'stderr', data: Buffer): void => {
    if (stream === 'stderr') errors += data.toString('utf8');
    else text += data.toString('utf8');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const event of lines.map(parseProbeEvent)) {
      if (!event) continue;
      at = event.kind === 'ready' ? event.at + 1 : event.at;
      if (event.kind === 'ready') continue;
      last = event.detail;
      const probe = probes[event.at];
      if (event.kind === 'wait' && probe) {
        const leftMs = Math.max(0, probe.timeoutMs - Math.round(performance.now() - began));
        onWait?.(`waiting for ${probeLabel(probe)}: ${last}`, leftMs);
      }
    }
  };
  try {
    const { exitCode } = await execInGuest(channel, ['!perl'], {
      signal: AbortSignal.any([signal, deadline]),
      input: [Buffer.from(probeScript(probes, address))],
      onOutput,
    });
    if (exitCode !== 0) throw late(errors.trim() || last);
  } catch (error) {
    if (deadline.aborted && !signal.aborted) throw late(last);
    throw error;
  }
}

/** What a probe is called in a sentence. Pure. */
export function probeLabel({ kind, value }: ProbeSpec): string {
  switch (kind) {
    case 'tcp':
      return `port ${value}`;
    case 'http':
      return value;
    case 'unit':
      return `unit ${value}`;
    case 'file':
      return `file ${value}`;
    case 'exec':
      return `the command '${value}'`;
    default:
      return kind satisfies never;
  }
}
