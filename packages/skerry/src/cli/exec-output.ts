import { styleText } from 'node:util';
import { StringDecoder } from 'node:string_decoder';

type Stream = 'stdout' | 'stderr';
export interface ExecOutput {
  readonly write: (machine: string, stream: Stream, data: Buffer) => void;
  readonly end: () => void;
  /** What a machine wrote, where it was kept. */
  readonly of: (machine: string) => { readonly stdout?: string; readonly stderr?: string };
}

const COLOURS = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'red'] as const;

/**
 * Passes whole lines on as they come, each after its machine's name in its own colour; one machine alone is passed on
 * byte by byte, so that it can be piped.
 */
export function prefixedOutput(machines: readonly string[]): ExecOutput {
  const width = Math.max(...machines.map((name) => name.length));
  const pending = new Map<string, { decoder: StringDecoder; text: string }>();
  const emit = (machine: string, stream: Stream, line: string): void => {
    const out = process[stream];
    const colour = COLOURS[machines.indexOf(machine) % COLOURS.length] ?? 'cyan';
    out.write(`${styleText(colour, machine.padEnd(width), { stream: out })} | ${line}\n`);
  };
  return {
    write: (machine, stream, data) => {
      if (machines.length === 1) {
        process[stream].write(data);
        return;
      }
      const key = `${stream} ${machine}`;
      const state = pending.get(key) ?? { decoder: new StringDecoder('utf8'), text: '' };
      pending.set(key, state);
      const lines = (state.text + state.decoder.write(data)).split('\n');
      state.text = lines.pop() ?? '';
      for (const line of lines) emit(machine, stream, line);
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
    },
    end: () => {},
    of: (machine) => ({
      stdout: text(kept.get(machine)?.stdout),
      stderr: text(kept.get(machine)?.stderr),
    }),
  };
}
