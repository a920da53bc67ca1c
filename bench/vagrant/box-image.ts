// Turns a copy of Skerry's image into a Vagrant box. Skerry's has no user but root, and gets its keys from the host; a
// box must bring its own, and sudo. All is written with debugfs: the copy has not been booted before either.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lib/process.ts';
import { type GuestFile, readGuestFile, writeGuestFiles } from './guest-files.ts';

export interface BoxOptions {
  /** The qcow2 of Skerry's image: ext4 on the whole disk. */
  readonly disk: string;
  readonly virtualSizeBytes: number;
  /** The public key Vagrant knocks with first. */
  readonly publicKeyFile: string;
  /** Debian's sudo package, unpacked. */
  readonly sudoDir: string;
  /** Where to work, and to put the box. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

const UID = 1000;
const SHADOW_GID = 42;
const SUDO_LIB = '/usr/libexec/sudo';

/** Makes the box and gives its file. */
export async function makeBox(options: BoxOptions): Promise<string> {
  const { dir, disk, signal } = options;
  await mkdir(dir, { recursive: true });
  const raw = join(dir, 'box.raw');
  const image = join(dir, 'box.img');
  const box = join(dir, 'skerry.box');
  await run(['qemu-img', 'convert', '-O', 'raw', disk, raw], { signal, timeoutMs: 300_000 });
  const files = [
    ...(await accounts(raw, signal)),
    ...(await keys(options)),
    ...sudo(options.sudoDir),
  ];
  await writeGuestFiles(raw, files, options);
  await run(['qemu-img', 'convert', '-O', 'qcow2', raw, image], { signal, timeoutMs: 300_000 });
  const gigabytes = Math.ceil(options.virtualSizeBytes / 2 ** 30);
  const metadata = { provider: 'libvirt', format: 'qcow2', virtual_size: gigabytes };
  await writeFile(join(dir, 'metadata.json'), JSON.stringify(metadata));
  await run(['tar', '-C', dir, '-cf', box, 'metadata.json', 'box.img'], { signal });
  return box;
}

async function accounts(raw: string, signal: AbortSignal): Promise<GuestFile[]> {
  const withLine = async (path: string, line: string): Promise<string> =>
    `${(await readGuestFile(raw, path, signal)).trimEnd()}\n${line}\n`;
  const passwd = await withLine('/etc/passwd', `vagrant:x:${UID}:${UID}::/home/vagrant:/bin/bash`);
  const group = await withLine('/etc/group', `vagrant:x:${UID}:`);
  // Not "!": to an sshd without PAM that is a locked account.
  const shadow = await withLine('/etc/shadow', 'vagrant:*:19675:0:99999:7:::');
  return [
    { path: '/etc/passwd', content: passwd, mode: 0o644 },
    { path: '/etc/group', content: group, mode: 0o644 },
    { path: '/etc/shadow', content: shadow, mode: 0o640, gid: SHADOW_GID },
    { path: '/home/vagrant', mode: 0o755, uid: UID },
    { path: '/home/vagrant/.ssh', mode: 0o700, uid: UID },
  ];
}

async function keys({ dir, publicKeyFile, signal }: BoxOptions): Promise<GuestFile[]> {
  const hostKey = join(dir, 'host-key');
  const keygen = ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'box', '-f', hostKey];
  await run(keygen, { signal });
  const authorized = await readFile(publicKeyFile, 'utf8');
  return [
    { path: '/etc/ssh/ssh_host_ed25519_key', from: hostKey, mode: 0o600 },
    { path: '/etc/ssh/ssh_host_ed25519_key.pub', from: `${hostKey}.pub`, mode: 0o644 },
    { path: '/home/vagrant/.ssh/authorized_keys', content: authorized, mode: 0o600, uid: UID },
  ];
}

function sudo(dir: string): GuestFile[] {
  const rules = `Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
vagrant ALL=(ALL:ALL) NOPASSWD: ALL
`;
  const library = (from: string, to: string): GuestFile => ({
    path: `${SUDO_LIB}/${to}`,
    from: join(dir, SUDO_LIB, from),
    mode: 0o644,
  });
  return [
    { path: '/usr/bin/sudo', from: join(dir, 'usr/bin/sudo'), mode: 0o4755 },
    { path: SUDO_LIB, mode: 0o755 },
    library('libsudo_util.so.0.0.0', 'libsudo_util.so.0'),
    library('sudoers.so', 'sudoers.so'),
    { path: '/etc/pam.d/sudo', from: join(dir, 'etc/pam.d/sudo'), mode: 0o644 },
    { path: '/etc/sudoers', content: rules, mode: 0o440 },
  ];
}
