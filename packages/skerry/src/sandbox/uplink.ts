import { existsSync } from 'node:fs';
import { join } from 'node:path';

export type Uplink = 'pasta' | 'slirp4netns' | 'none';

/**
 * How the lab reaches the internet: the first program that is installed. SKERRY_UPLINK=none shuts the lab off, which
 * tests and air-gapped machines want.
 */
export function chooseUplink(): Uplink {
  const asked = process.env.SKERRY_UPLINK;
  if (asked === 'pasta' || asked === 'slirp4netns' || asked === 'none') return asked;
  return (['pasta', 'slirp4netns'] as const).find(isInstalled) ?? 'none';
}

/** Whether a program is on the PATH, the folders of root's programs included. */
export function isInstalled(program: string): boolean {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
  ];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}
