// Shows what an operation is doing: one live line a machine in a terminal, plain lines elsewhere. On stderr, so that
// stdout stays for data.
import { styleText } from 'node:util';
import type { Phase, ProgressEvent } from '../lab/progress.ts';
import { formatSpan } from './amounts.ts';

const WORDS: Record<Phase, string> = {
  lock: 'waiting',
  source: 'cloning the superproject',
  image: 'building the image',
  accelerator: 'trying KVM with a probe guest',
  sandbox: 'starting the sandbox',
  libvirt: 'connecting to libvirt',
  network: 'setting the network up',
  forwards: 'forwarding ports',
  template: 'booting a template',
  check: 'checking the snapshot',
  pause: 'pausing all machines',
  freeze: 'freezing it',
  store: 'storing its memory',
  resume: 'letting all machines go on',
  clock: 'setting its clock',
  disk: 'making its disk',
  define: 'defining it',
  start: 'starting it',
  boot: 'booting',
  thaw: 'thawing',
  identity: 'giving it name, keys and address',
  ssh: 'waiting for ssh',
  sync: 'bringing its trees up to date',
  wait: 'waiting for',
  provision: 'provisioning',
  ready: 'waiting until it is ready',
  trigger: 'running a trigger',
  keep: 'keeping the provisioned lab for later',
  kept: 'bringing the provisioned lab back',
  shutdown: 'shutting down',
  destroy: 'removing',
};
/** What a line says once its last phase is over. */
const DONE: Partial<Record<Phase, string>> = {
  source: 'superproject cloned',
  image: 'image built',
  accelerator: 'accelerator chosen',
  shutdown: 'off',
  destroy: 'removed',
  libvirt: 'sandbox runs',
  sandbox: 'sandbox runs',
  network: 'sandbox and network',
  forwards: 'sandbox and network',
  provision: 'provisioned',
  trigger: 'trigger done',
  keep: 'kept for later',
};
const ENDS: ReadonlySet<ProgressEvent['status']> = new Set(['end', 'fail', 'stop']);
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 100;
/** A plain log says nothing of phases that are over at once. */
const PLAIN_AFTER_MS = 1000;
const BOOT_NOTE_MS = 5000;
/** A log that says nothing for that long says what it waits for. */
const SILENT_MS = 20_000;
const LOOK_MS = 5000;

interface Line {
  readonly name: string;
  phase: Phase;
  subject: string;
  detail: string;
  sinceMs: number;
  state: 'busy' | 'done' | 'failed' | 'stopped';
}

/** Feed it with events; call `end` before printing anything else. */
export function progressView(stream: NodeJS.WriteStream = process.stderr): {
  readonly onProgress: (event: ProgressEvent) => void;
  readonly end: () => void;
} {
  return stream.isTTY && !process.env.CI ? liveView(stream) : plainView(stream);
}

function liveView(stream: NodeJS.WriteStream): ReturnType<typeof progressView> {
  const lines = new Map<string, Line>();
  const began = performance.now();
  let drawn = 0;
  let frame = 0;
  const draw = (above = ''): void => {
    const text = [...lines.values()].map((line) => format(line)).join('\n');
    stream.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}\r\x1b[J${above}${text}${text && '\n'}`);
    drawn = lines.size;
  };
  const format = (line: Line): string => {
    const seconds = `${((performance.now() - began - line.sinceMs) / 1000).toFixed(0)} s`;
    const icon =
      line.state === 'busy'
        ? styleText('cyan', SPINNER[frame % SPINNER.length] ?? '', { stream })
        : line.state === 'done'
          ? styleText('green', '✓', { stream })
          : line.state === 'failed'
            ? styleText('red', '✗', { stream })
            : styleText('yellow', '-', { stream });
    const what =
      line.state === 'done'
        ? styleText('dim', DONE[line.phase] ?? 'ready', { stream })
        : wordsOf(line);
    const more =
      line.state === 'busy'
        ? styleText('dim', ` ${seconds}${line.detail && `  ${line.detail}`}`, { stream })
        : '';
    return clip(`${icon} ${line.name.padEnd(16)} ${what}${more}`, stream.columns || 80);
  };
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, FRAME_MS);
  timer.unref();
  return {
    onProgress: (event) => {
      const name = event.machine ?? 'lab';
      if (event.status === 'say') {
        draw(`${name}: ${event.detail ?? ''}\n`);
        return;
      }
      const line = lines.get(name) ?? {
        name,
        phase: event.phase,
        subject: '',
        detail: '',
        sinceMs: event.atMs,
        state: 'busy',
      };
      lines.set(name, line);
      const { phase, subject = '', atMs } = event;
      if (event.status === 'begin')
        Object.assign(line, { phase, subject, detail: '', sinceMs: atMs, state: 'busy' });
      if (event.status === 'note') {
        const detail = event.detail ?? '';
        if (phase !== line.phase) line.subject = '';
        const told = `${line.subject}: `;
        const isToldAlready = line.subject !== '' && detail.startsWith(told);
        Object.assign(line, {
          ...{ phase, state: 'busy' },
          detail: isToldAlready ? detail.slice(told.length) : detail,
        });
      }
      if (event.status === 'end') line.state = 'done';
      if (event.status === 'fail') line.state = 'failed';
      if (event.status === 'stop') line.state = 'stopped';
    },
    end: () => {
      clearInterval(timer);
      if (drawn > 0 || lines.size > 0) draw();
    },
  };
}

function plainView(stream: NodeJS.WriteStream): ReturnType<typeof progressView> {
  /** What is under way; of a machine, what began last is at the end. */
  const begun = new Map<string, ProgressEvent>();
  let saidMs = performance.now();
  const say = (event: ProgressEvent, text: string): void => {
    saidMs = performance.now();
    stream.write(
      `[${(event.atMs / 1000).toFixed(1).padStart(6)} s] ${event.machine ?? 'lab'}: ${text}\n`,
    );
  };
  const last = new Map<string, string>();
  const notedMs = new Map<string, number>();
  const note = (event: ProgressEvent): void => {
    const detail = event.detail ?? '';
    // Of a build one line each tenth; of a boot what the console says every few seconds; of the rest all.
    const percent = /(\d+) %/.exec(detail)?.[1];
    const topic = percent === undefined ? detail : String(Math.floor(Number(percent) / 10));
    const key = `${event.machine} ${event.phase}`;
    if (
      topic === last.get(key) ||
      (event.phase === 'boot' && event.atMs - (notedMs.get(key) ?? 0) < BOOT_NOTE_MS)
    )
      return;
    last.set(key, topic);
    notedMs.set(key, event.atMs);
    say(event, detail);
  };
  let zeroMs = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - saidMs < SILENT_MS) return;
    const newest = new Map([...begun.values()].map((event) => [event.machine, event]));
    const atMs = performance.now() - zeroMs;
    for (const event of newest.values())
      say({ ...event, atMs }, `${wordsOf(event)}, ${formatSpan(atMs - event.atMs)} so far`);
  }, LOOK_MS);
  timer.unref();
  return {
    onProgress: (event) => {
      zeroMs = performance.now() - event.atMs;
      const key = `${event.machine} ${event.phase}`;
      const words = wordsOf(event);
      if (event.status === 'begin') {
        begun.delete(key);
        begun.set(key, event);
        if (['boot', 'image', 'shutdown', 'identity', 'keep'].includes(event.phase))
          say(event, words);
      }
      if (event.status === 'note') note(event);
      if (event.status === 'say') say(event, event.detail ?? '');
      const took = event.atMs - (begun.get(key)?.atMs ?? event.atMs);
      if (ENDS.has(event.status)) begun.delete(key);
      if (event.status === 'end' && took >= PLAIN_AFTER_MS)
        say(event, `${words}: done in ${(took / 1000).toFixed(1)} s`);
      if (event.status === 'fail') say(event, `${words}: failed`);
      if (event.status === 'stop') say(event, `${words}: stopped`);
    },
    end: () => clearInterval(timer),
  };
}

/** What a phase is, and what it is about. */
function wordsOf({
  phase,
  subject = '',
}: {
  readonly phase: Phase;
  readonly subject?: string;
}): string {
  return subject === '' ? WORDS[phase] : `${WORDS[phase]} ${subject}`;
}

/** Cuts a line with colours to the terminal's width, so that it never wraps and the redraw stays in place. */
export function clip(text: string, width: number): string {
  let seen = 0;
  let out = '';
  for (const [part] of text.matchAll(/\x1b\[[0-9;]*m|[\s\S]/gu)) {
    if (part.startsWith('\x1b')) out += part;
    else if (seen < width - 1) {
      out += part;
      seen += 1;
    }
  }
  return out;
}
