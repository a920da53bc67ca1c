import { run } from '../util/run.ts';
import { type Finding, ok, type Patient } from './check.ts';

interface Minimum {
  readonly name: string;
  readonly program: string;
  readonly minimum: string;
}

/** Debian 12 has these; older ones may work, but nobody tries. */
const MINIMA: readonly Minimum[] = [
  { name: 'libvirt', program: 'libvirtd', minimum: '9.0' },
  { name: 'QEMU', program: 'qemu-system-x86_64', minimum: '7.2' },
  { name: 'unshare', program: 'unshare', minimum: '2.38' },
];

export async function checkVersions({ signal }: Patient): Promise<Finding> {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const texts = await Promise.all(
    MINIMA.map(async ({ program }) => {
      const answer = await run(program, ['--version'], { signal, env }).catch(() => undefined);
      return answer?.stdout ?? '';
    }),
  );
  return versionsFinding(texts);
}

/** From what the programs say to `--version`, in the order of the table; an absent one says nothing. */
export function versionsFinding(texts: readonly string[]): Finding {
  const found = MINIMA.map(({ name, minimum }, at) => {
    const version = /\d+\.\d+(?:\.\d+)?/.exec(texts[at] ?? '')?.[0];
    const isOld = version !== undefined && compare(version, minimum) < 0;
    return { name, minimum, version, isOld };
  });
  const said = found.map(({ name, version }) => `${name} ${version ?? 'not found'}`).join(', ');
  const old = found.filter(({ isOld }) => isOld);
  if (old.length === 0) return ok(said);
  return {
    level: 'warning',
    finding: `${said}; tried from ${old.map(({ name, minimum }) => `${name} ${minimum}`).join(', ')} on`,
    remedy: ['# Debian 12, Ubuntu 24.04 and Fedora 38 and later have these: upgrade this system.'],
  };
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const [at, number] of (right ?? []).entries()) {
    const difference = (left?.[at] ?? 0) - number;
    if (difference !== 0) return difference;
  }
  return 0;
}
