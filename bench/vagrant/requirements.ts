import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BenchError, type BenchContext } from '../lib/bench.ts';
import { installMissing, packageVersions } from '../lib/packages.ts';

/** Program to Debian package. Without recommended packages: those are for packaging boxes. */
const NEEDED: Readonly<Record<string, string>> = {
  vagrant: 'vagrant',
  debugfs: 'e2fsprogs',
  'qemu-img': 'qemu-utils',
  libvirtd: 'libvirt-daemon',
  virsh: 'libvirt-clients',
  dnsmasq: 'dnsmasq-base',
  nsenter: 'util-linux',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
};
const GEMS = '/usr/share/rubygems-integration/all/gems';

/** Says what is missing and how to get it, or gets it when asked to. Gives Vagrant's versions. */
export async function requireVagrant(context: BenchContext): Promise<string> {
  await installMissing(context, missingPackages());
  if (process.getuid?.() !== 0)
    throw new BenchError('run this bench as root: Vagrant is given a libvirtd of its own');
  return packageVersions(context, ['vagrant', 'vagrant-libvirt', 'libvirt-daemon']);
}

/** The folder of keys of the Vagrant that is installed. */
export function insecurePublicKeyFile(version: string): string {
  return join(GEMS, `vagrant-${version}`, 'keys', 'vagrant.pub');
}

function missingPackages(): string[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const isThere = (program: string): boolean =>
    folders.some((folder) => existsSync(join(folder, program)));
  const packages = Object.keys(NEEDED)
    .filter((program) => !isThere(program))
    .map((program) => NEEDED[program] ?? program);
  if (!existsSync('/usr/share/doc/vagrant-libvirt')) packages.push('vagrant-libvirt');
  return [...new Set(packages)];
}
