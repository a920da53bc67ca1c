import { styleText } from 'node:util';
import { StringDecoder } from 'node:string_decoder';

type Stream = 'stdout' | 'stderr';
export interface ExecOutput {
  /** False when the reader of our own output is behind: wait for its `drain`. */
  readonly write: (machine: string, stream: Stream, data: Buffer) => boolean;
  readonly end: () => void;
  /** What a machine wrote, where it was kept. */
  readonly of: (machine: string) => { readonly stdout?: string; readonly stderr?: string };
}

/** Of machines, by their place. */
export const COLOURS = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'red'] as const;

/**
 * Passes whole lines on as they come, each after its machine's name in its own colour; one machine alone is passed on
 * byte by byte, so that it can be piped.
 */
export function prefixedOutput(machines: readonly string[]): ExecOutput {
  const width = Math.max(...machines.map((name) => name.length));
  const pending = new Map<string, { decoder: StringDecoder; text: string }>();
  const emit = (machine: string, stream: Stream, line: string): boolean => {
    const out = process[stream];
    const colour = COLOURS[machines.indexOf(machine) % COLOURS.length] ?? 'cyan';
    return out.write(`${styleText(colour, machine.padEnd(width), { stream: out })} | ${line}\n`);
  };
  return {
    write: (machine, stream, data) => {
      if (machines.length === 1) return process[stream].write(data);
      const key = `${stream} ${machine}`;
      const state = pending.get(key) ?? { decoder: new StringDecoder('utf8'), text: '' };
      pending.set(key, state);
      const lines = (state.text + state.decoder.write(data)).split('\n');
      state.text = lines.pop() ?? '';
      const taken = lines.map((line) => emit(machine, stream, line));
      return taken.at(-1) ?? true;
    },
    end: () => {
      for (const [key, state] of pending) {
        const text = state.text + state.decoder.end();
        const [stream = 'stdout', machine = ''] = key.split(' ');
        if (text !== '') emit(machine, stream as Stream, text);
      }
    },
    of: () => ({}),
  };
}

/** Keeps everything, for --json. */
export function outputCollector(): ExecOutput {
  const kept = new Map<string, Record<Stream, Buffer[]>>();
  const text = (buffers: Buffer[] | undefined): string =>
    Buffer.concat(buffers ?? []).toString('utf8');
  return {
    write: (machine, stream, data) => {
      const both = kept.get(machine) ?? { stdout: [], stderr: [] };
      kept.set(machine, both);
      both[stream].push(data);
      return true;
    },
    end: () => {},
    of: (machine) => ({
      stdout: text(kept.get(machine)?.stdout),
      stderr: text(kept.get(machine)?.stderr),
    }),
  };
}
