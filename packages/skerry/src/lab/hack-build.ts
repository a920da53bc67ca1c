// Builds daemons from their source: once each, on the host or in a machine.
import type { LabSpec } from '../lab-file/spec.ts';
import type { BuildSpec, DaemonSpec } from '../lab-file/spec-sync.ts';
import { runShell } from '../util/run-shell.ts';
import { execOnLab } from './exec.ts';
import { pullTrees } from './pull-trees.ts';
import type { SyncResult } from './sync.ts';

export interface BuildResult {
  readonly command: string;
  /** Undefined: this host. */
  readonly machine: string | undefined;
  readonly durationMs: number;
  /** The last lines of what it wrote. */
  readonly output: string;
  /** Why it failed. */
  readonly error?: string;
}

export interface BuildOptions {
  readonly signal: AbortSignal;
  /** Brings the sources into a machine that is about to build; how that ends is seen by the build. */
  readonly prepare: (machine: string) => Promise<unknown>;
  readonly onResult: (result: BuildResult) => void;
}

const TAIL_LINES = 40;
const BUILD_MS = 60 * 60_000;

/** Builds what the daemons are built by; daemons with the same build share it. Ends at the first that fails. */
export async function runBuilds(
  lab: LabSpec,
  daemons: readonly DaemonSpec[],
  { signal, prepare, onResult }: BuildOptions,
): Promise<BuildResult[]> {
  const builds = new Map<string, BuildSpec>();
  for (const { build } of daemons) if (build) builds.set(JSON.stringify(build), build);
  const results: BuildResult[] = [];
  for (const { command, on, cwd } of builds.values()) {
    const began = performance.now();
    let output = '';
    const take = (data: Buffer): void => {
      output = tail(output + data.toString('utf8'));
    };
    if (on !== undefined) await prepare(on);
    const error = await (on === undefined
      ? buildHere(command, cwd, take, signal)
      : buildThere(lab, { command, on, cwd }, take, signal));
    const durationMs = Math.round(performance.now() - began);
    const result = { command, machine: on, durationMs, output, ...(error && { error }) };
    results.push(result);
    onResult(result);
    if (error) break;
  }
  return results;
}

async function buildHere(
  command: string,
  cwd: string,
  take: (data: Buffer) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const onLine = (line: string): void => take(Buffer.from(`${line}\n`));
  const { exitCode, isLate } = await runShell(command, {
    ...{ cwd, signal, onLine },
    timeoutMs: BUILD_MS,
  });
  if (isLate) return `not done within ${BUILD_MS / 60_000} minutes`;
  return exitCode === 0 ? undefined : `exit code ${exitCode}`;
}

async function buildThere(
  lab: LabSpec,
  { command, on, cwd }: BuildSpec & { readonly on: string },
  take: (data: Buffer) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const script = 'cd "$1" && exec /bin/sh -c "$2"';
  const [result] = await execOnLab(lab, {
    machines: [on],
    command: ['/bin/sh', '-c', script, 'sh', cwd, command],
    signal,
    onOutput: (_machine, _stream, data) => take(data),
  });
  if (result?.error) return result.error.message;
  if (result?.exitCode !== 0) return `exit code ${result?.exitCode ?? result?.signal}`;
  const pulled = await pullTrees(lab, { machines: [on], signal });
  return notBrought(pulled.filter(({ to }) => isSentOn(lab, to)));
}

/** Whether what is pulled to a folder is sent on from there: other trees have nothing to do with a build. Pure. */
export function isSentOn({ trees }: Pick<LabSpec, 'trees'>, to: string): boolean {
  return trees.some(({ mode, from }) => mode !== 'pull' && `${to}/`.startsWith(`${from}/`));
}

/** Why what a build made is not here as it is there; undefined where it is. Pure. */
export function notBrought(pulled: readonly SyncResult[]): string | undefined {
  for (const { error, problem, refused } of pulled) {
    // A fork's products would come over those of the lab.
    if (error?.code === 'PULL_FORK') continue;
    const [first] = refused;
    if (error) return error.message;
    if (problem !== undefined) return problem;
    if (first) return `${refused.length} not written here: ${first.path} (${first.reason})`;
  }
  return undefined;
}

function tail(text: string): string {
  return text.split('\n').slice(-TAIL_LINES).join('\n');
}
