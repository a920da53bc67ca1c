// A conversation between two machines over one TCP connection: it ends for good when a byte of it is lost.
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { type LabProcess, processesOf } from '../support/leaks.ts';

const SERVER = `
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalPort => 700, Listen => 5, ReuseAddr => 1) or die $!;
exit if fork; close STDIN; close STDOUT; close STDERR;
while (my $c = $l->accept) { while (my $line = <$c>) { print {$c} $line } }`;
/** Sends numbers and wants each back. What it has got last is in /run/talk, why it ended in /run/talk-ended. */
const CLIENT = `
use IO::Socket::INET;
my $s = IO::Socket::INET->new(PeerAddr => 'one', PeerPort => 700) or die $!;
exit if fork; close STDIN; close STDOUT; close STDERR;
for (my $n = 1; ; $n++) {
  print {$s} "$n\\n"; my $got = <$s>;
  if (!defined $got || $got != $n) { open my $f, '>', '/run/talk-ended'; print {$f} "sent $n, got $got: $!"; exit }
  open my $f, '>', '/run/talk.new'; print {$f} $n; close $f; rename '/run/talk.new', '/run/talk';
  select undef, undef, undef, 0.1;
}`;

export async function startTalk(lab: TestLab): Promise<void> {
  await lab.ok(['exec', '--on', 'one', '--', 'perl', '-e', SERVER]);
  await lab.ok(['exec', '--on', 'two', '--', 'perl', '-e', CLIENT]);
}

/** The conversation goes on. Gives the number it has got to. */
export async function expectTalk(lab: TestLab, words: readonly string[] = []): Promise<number> {
  const said = async (file: string): Promise<string> =>
    (await lab.skerry(['exec', ...words, '--on', 'two', '--', 'cat', file])).stdout;
  const before = Number(await said('/run/talk'));
  await expect
    .poll(async () => Number(await said('/run/talk')), { timeout: 20_000 })
    .toBeGreaterThan(before);
  expect(await said('/run/talk-ended')).toBe('');
  return Number(await said('/run/talk'));
}

/** The output of a shell command on one machine. */
export async function on(
  lab: TestLab,
  machine: string,
  command: string,
  words: readonly string[] = [],
): Promise<string> {
  return (await lab.ok(['exec', ...words, '--on', machine, '--', 'sh', '-c', command])).trim();
}

/** How far a machine's clock is from ours, in seconds. */
export async function clockError(lab: TestLab, words: readonly string[] = []): Promise<number> {
  const before = Date.now() / 1000;
  const there = Number(await on(lab, 'one', 'date +%s.%N', words));
  const after = Date.now() / 1000;
  return there < before ? before - there : Math.max(0, there - after);
}

/** Every QEMU that has to do with the test's labs. */
export async function qemusOf(lab: TestLab): Promise<LabProcess[]> {
  const all = await processesOf(join(lab.dir, '..'));
  return all.filter(({ words }) => words.startsWith('/usr/bin/qemu-system'));
}
