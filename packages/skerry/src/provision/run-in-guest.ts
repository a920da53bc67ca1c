import { execInGuest, type ExecResult, runScript, type ScriptResult } from '../guest/exec.ts';
import { OutputLines } from './output-lines.ts';
import type { ProvisionTarget } from './target.ts';

/** Small scripts of our own that read or prepare something; under emulation even those can take seconds. */
const SCRIPT_MS = 120_000;

export interface GuestRun extends ExecResult {
  /** The last lines it said. */
  readonly tail: readonly string[];
}

export interface GuestRunOptions {
  readonly input?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined;
  /** More environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a command in the machine to its end, its output line by line. */
export async function runInGuest(
  target: ProvisionTarget,
  command: readonly string[],
  options: GuestRunOptions = {},
): Promise<GuestRun> {
  const lines = new OutputLines(options.onLine ?? target.onLine);
  const result = await execInGuest(await target.open(), command, {
    signal: options.signal ?? target.signal,
    input: options.input,
    env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
    onOutput: (stream, data) => lines.push(stream, data),
  });
  lines.end();
  return { ...result, tail: lines.tail };
}

/** Runs a small Perl script of ours in the machine, without a new program. */
export async function perlInGuest(target: ProvisionTarget, script: string): Promise<ScriptResult> {
  return runScript(await target.open(), script, {
    language: 'perl',
    timeoutMs: SCRIPT_MS,
    signal: target.signal,
  });
}

/** How a command ended, for people. Pure. */
export function formatEnd({ exitCode, signal }: ExecResult): string {
  return signal === undefined ? `exit code ${exitCode}` : `ended by ${signal}`;
}
