import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { SkerryError } from './errors.ts';

export interface ShellOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Lines of stdout and stderr as they come. */
  readonly onLine: (line: string) => void;
}

export interface ShellResult {
  readonly exitCode: number;
  /** Whether its time was up; it was killed then. */
  readonly isLate: boolean;
}

/**
 * Runs a command of the user in a process group of its own, and kills that when we end, however that comes: the end of our
 * pipe says so. What the command has put into the background goes on after it.
 */
const KEEPER = `
my $pid = fork // die "fork: $!";
if ($pid == 0) {
  setpgrp 0, 0;
  open STDIN, '<', '/dev/null';
  exec '/bin/sh', '-c', $ARGV[0];
  exit 127;
}
$SIG{CHLD} = sub { };
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
while (waitpid($pid, 1) == 0) {
  my $readable = '';
  vec($readable, 0, 1) = 1;
  next if select($readable, undef, undef, 0.2) <= 0;
  next if sysread STDIN, my $nothing, 1;
  kill 9, -$pid;
  waitpid $pid, 0;
  last;
}
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
`;
/** What it left running may hold its output open. */
const LAST_WORDS_MS = 200;

/** Runs a command with /bin/sh on this host. */
export async function runShell(
  command: string,
  { cwd, env, signal, timeoutMs, onLine }: ShellOptions,
): Promise<ShellResult> {
  signal.throwIfAborted();
  const child = spawn('perl', ['-e', KEEPER, '--', command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let isLate = false;
  const end = (): void => void child.stdin.destroy();
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  child.stdin.on('error', () => {});
  const flush = [child.stdout, child.stderr].map((stream) => lineReader(stream, onLine));
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      let code = 1;
      child.on('error', (cause: NodeJS.ErrnoException) => {
        const isAbsent = cause.code === 'ENOENT' && cause.path === 'perl';
        reject(
          isAbsent ? new SkerryError('PROGRAM_MISSING', { data: { program: 'perl' } }) : cause,
        );
      });
      child.on('exit', (exit) => {
        code = exit ?? 1;
        setTimeout(() => resolve(code), LAST_WORDS_MS);
      });
      child.on('close', () => resolve(code));
    });
    signal.throwIfAborted();
    return { exitCode, isLate };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    for (const one of flush) one();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function lineReader(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (data: Buffer) => {
    const lines = (rest + decoder.write(data)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  return () => {
    if (rest !== '') onLine(rest);
  };
}
