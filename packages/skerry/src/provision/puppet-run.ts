import type { PuppetConfig } from '../lab-file/config-provision.ts';
import { DEFAULTS } from '../lab-file/defaults.ts';
import { execInGuest, type ExecResult } from '../guest/exec.ts';
import { OutputLines } from './output-lines.ts';
import { parseError, type PuppetError } from './puppet-messages.ts';
import { perlInGuest } from './run-in-guest.ts';
import type { ProvisionTarget } from './target.ts';

/** What puppet gets after its time to write down where it was. */
const GRACE_MS = 60_000;

export interface PuppetRun extends ExecResult {
  readonly isTimeOut: boolean;
  /** The time it had. */
  readonly seconds: number;
  /** What it printed as errors. */
  readonly errors: readonly PuppetError[];
  readonly tail: readonly string[];
}

/** Runs the command line; after `timeout` puppet is ended, in a way that its report tells what it was at. */
export async function applyPuppet(
  target: ProvisionTarget,
  config: PuppetConfig,
  command: string,
  onLine: (line: string) => void,
): Promise<PuppetRun> {
  const seconds = config.timeout ?? DEFAULTS.puppetTimeout;
  const errors: PuppetError[] = [];
  let shell: number | undefined;
  const lines = new OutputLines((line) => {
    // The first line is the shell's own.
    if (shell === undefined) {
      shell = Number(line);
      return;
    }
    const error = parseError(line);
    if (error) errors.push(error);
    onLine(line);
  });
  const over = new AbortController();
  let isTimeOut = false;
  let ending: Promise<unknown> = Promise.resolve();
  let grace: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    isTimeOut = true;
    onLine(`not done within ${seconds} s: ending it`);
    grace = setTimeout(() => over.abort(), GRACE_MS);
    ending = perlInGuest(target, endScript(shell ?? 0)).catch(() => over.abort());
  }, seconds * 1000);
  try {
    // By stdin, for what is in it (facts) is nobody's business; puppet must not read on from there.
    const script = `echo $$\n${command} </dev/null\n`;
    const result = await execInGuest(await target.open(), ['/bin/sh', '-s'], {
      signal: AbortSignal.any([target.signal, over.signal]),
      input: [Buffer.from(script)],
      onOutput: (stream, data) => lines.push(stream, data),
    }).catch((error: unknown): ExecResult => {
      if (!over.signal.aborted || target.signal.aborted) throw error;
      return { exitCode: undefined, signal: 'SIGKILL' };
    });
    lines.end();
    return { ...result, isTimeOut, seconds, errors, tail: lines.tail };
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    await ending;
  }
}

/**
 * Perl: first kills what puppet runs, so that the resource at work fails, with its name, in the report; then has puppet
 * end, which writes the report. Without something that it runs there is only the second.
 */
function endScript(shell: number): string {
  return `
sub children {
  my @found;
  opendir my $tasks, "/proc/$_[0]/task" or return;
  for my $task (readdir $tasks) {
    open my $list, '<', "/proc/$_[0]/task/$task/children" or next;
    push @found, split ' ', <$list> // '';
  }
  return @found;
}
for my $puppet (children(${shell})) {
  my @below = children($puppet);
  for (my $at = 0; $at < @below; $at++) { push @below, children($below[$at]) }
  kill 'KILL', @below;
  select undef, undef, undef, 5 if @below;
  kill 'INT', $puppet;
}`;
}
