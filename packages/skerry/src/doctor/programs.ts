import { readFile } from 'node:fs/promises';
import { listImages } from '../image/store.ts';
import { type HostProgram, missingPrograms, nameOf } from '../sandbox/host-packages.ts';
import { chooseUplink } from '../sandbox/uplink.ts';
import { run } from '../util/run.ts';
import { type Finding, ok, type Patient } from './check.ts';

export async function checkPrograms({ user }: Patient): Promise<Finding> {
  const missing = missingPrograms(user.isRoot ? ['run'] : ['run', 'user']);
  if (missing.length === 0) return ok('all that running machines takes');
  return { level: 'error', finding: list(missing), remedy: await installCommand(missing) };
}

/** Without an image nothing starts, so what builds images counts as needed until there is one. */
export async function checkBuildPrograms(): Promise<Finding> {
  const missing = missingPrograms(['build']);
  if (missing.length === 0) return ok('all that building images takes');
  const hasImages = (await listImages().catch(() => [])).length > 0;
  return {
    level: hasImages ? 'warning' : 'error',
    finding: list(missing) + (hasImages ? '; the images that are there work' : ''),
    remedy: await installCommand(missing),
  };
}

export async function checkInternet(): Promise<Finding> {
  const uplink = chooseUplink();
  if (process.env.SKERRY_UPLINK) return ok(`${uplink}, because of SKERRY_UPLINK`);
  if (uplink !== 'none') return ok(`through ${uplink}`);
  return {
    level: 'warning',
    finding: 'machines will reach each other and this host, but not the internet',
    remedy: await installCommand(missingPrograms(['internet'])),
  };
}

export type Distribution = 'debian' | 'fedora' | 'other';

/** The distribution's family, from os-release(5). */
export function distributionOf(osRelease: string): Distribution {
  const words = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap(([, ids]) =>
    (ids ?? '').split(/\s+/),
  );
  if (words.some((word) => word === 'debian' || word === 'ubuntu')) return 'debian';
  return words.some((word) => word === 'fedora' || word === 'rhel') ? 'fedora' : 'other';
}

/** One line that installs what is missing. `hasPackage` decides between names of different releases. */
export function installLines(
  missing: readonly HostProgram[],
  distribution: Distribution,
  hasPackage: (name: string) => boolean,
): string[] {
  const names = missing.map((program) => {
    const column = distribution === 'fedora' ? program.fedora : program.debian;
    return column.find((name, at) => at === column.length - 1 || hasPackage(name)) ?? '';
  });
  const packages = [...new Set(names.filter(Boolean))].sort().join(' ');
  const commands = {
    debian: `sudo apt-get install --no-install-recommends ${packages}`,
    fedora: `sudo dnf install ${packages}`,
    other: `# install what your distribution has for these packages of Debian: ${packages}`,
  };
  return [commands[distribution]];
}

async function installCommand(missing: readonly HostProgram[]): Promise<string[]> {
  const distribution = distributionOf(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  const doubtful = missing.flatMap(({ debian }) => (debian.length > 1 ? debian : []));
  const known = new Set<string>();
  if (distribution === 'debian' && doubtful.length > 0) {
    const answer = await run('apt-cache', ['pkgnames']).catch(() => undefined);
    for (const name of answer?.stdout.split('\n') ?? []) known.add(name);
  }
  return installLines(missing, distribution, (name) => known.has(name));
}

function list(missing: readonly HostProgram[]): string {
  return `not installed: ${missing.map((program) => `${nameOf(program)} (${program.purpose})`).join(', ')}`;
}
