// Three machines that wait for each other, and provisioners that leave traces of when and how often they ran.
import { expect } from 'vitest';
import { on } from '../snapshot/talk.ts';
import type { TestLab } from '../support/lab.ts';

export const PORT = 7777;

/** Listens after a while: who does not wait for it is refused. */
const SERVE = `cat > /usr/local/bin/serve <<'END'
socket my $s, 2, 1, 0; setsockopt $s, 1, 2, 1;
bind $s, pack 'Sna4x8', 2, ${PORT}, "\\0" x 4 or die; listen $s, 5;
while (accept my $c, $s) { print $c "hello\\n"; close $c }
END
systemctl stop serve 2>/dev/null
systemd-run --unit=serve --collect sh -c 'sleep 2; exec perl /usr/local/bin/serve'`;
const CALL = (name: string): string =>
  `perl -MIO::Socket::INET -e 'IO::Socket::INET->new("${name}:${PORT}") or die "$@"'`;
/** One line for each run. */
const COUNT = (name: string): string => `echo ${name} >> /var/lib/runs`;

export interface Parts {
  /** What the provisioner of \`mid\` does besides. */
  readonly mid?: string;
  readonly provision?: object;
  readonly triggers?: readonly object[];
}

export function config({ mid = 'true', provision = {}, triggers = [] }: Parts = {}): object {
  const ready = { tcp: PORT };
  return {
    ...{ name: 'order', image: 'debian-12', memory: 256, triggers },
    machines: {
      top: { primary: true, dependsOn: ['mid'] },
      mid: { dependsOn: ['base'], ready },
      base: { ready },
    },
    provision: {
      made: { shell: `cat /proc/sys/kernel/random/uuid > /var/lib/made; ${COUNT('made')}` },
      serve: { on: ['base', 'mid'], shell: `${SERVE}\n${COUNT('serve')}` },
      callBase: { on: 'mid', shell: `${CALL('base')} && ${mid} && ${COUNT('callBase')}` },
      callMid: { on: 'top', shell: `${CALL('mid')} && ${COUNT('callMid')}` },
      each: { on: 'top', run: 'always', shell: COUNT('each') },
      rare: { on: 'top', run: 'never', shell: COUNT('rare') },
      join: { on: ['top', 'base'], phase: 'afterAllUp', shell: COUNT('join') },
      ...provision,
    },
  };
}

/** The provisioners that ran in a machine, one after the other. */
export async function runsIn(lab: TestLab, machine: string): Promise<string[]> {
  return (await on(lab, machine, 'cat /var/lib/runs')).split(/\s+/);
}

/** Fails unless the machines are as one `up` provisions them. */
export async function expectProvisioned(lab: TestLab, each = 1): Promise<void> {
  expect(await runsIn(lab, 'base')).toEqual(['made', 'serve', 'join']);
  expect(await runsIn(lab, 'mid')).toEqual(['made', 'serve', 'callBase']);
  const more = Array.from({ length: each - 1 }, () => 'each');
  expect(await runsIn(lab, 'top')).toEqual(['made', 'callMid', 'each', 'join', ...more]);
}
