import { createHash } from 'node:crypto';

import { SkerryError } from '../util/errors.ts';
import { BUILD_SCRIPT, KERNEL_SCRIPT } from './build-script.ts';
import { GUEST_FILES, GUEST_LINKS, GUEST_REMOVED } from './guest-files.ts';
import { INIT } from './initrd.ts';

/** What an image is made from. Two builds of equal definitions on one day differ in nothing. */
export interface ImageDefinition {
  readonly name: string;
  readonly summary: string;
  /** Debian's name of the release. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** The package whose newest dependency is the kernel. */
  readonly kernelPackage: string;
  readonly kernelArgs: string;
  readonly virtualSizeBytes: number;
  readonly fsUuid: string;
  /** More symbolic links in the guest, path to target; every variant has the field, and nothing else. */
  readonly links?: Readonly<Record<string, string>> | undefined;
}

/** An image to build: a known one, or with `packages` a variant of one, under a name of its own. */
export interface ImageRequest {
  readonly name: string;
  /** The known image it is a variant of. */
  readonly base?: string | undefined;
  /** What it has besides the packages of that. */
  readonly packages?: readonly string[] | undefined;
}

const GIB = 2 ** 30;

/** The images Skerry can build. */
export const KNOWN_IMAGES: readonly ImageDefinition[] = [
  {
    name: 'debian-12',
    summary: 'Debian 12 (bookworm), small, boots in seconds, can be a hypervisor itself',
    suite: 'bookworm',
    packages: [
      'systemd,systemd-sysv,udev,dbus,kmod,procps,e2fsprogs,busybox-static,ca-certificates',
      'openssh-server,qemu-guest-agent,iproute2,iputils-ping,rsync,less,vim-tiny',
    ].flatMap((line) => line.split(',')),
    // The cloud kernel has virtio, KVM, bridges and vhost, and ext4 built in, at a third of the size.
    kernelPackage: 'linux-image-cloud-amd64',
    // No root=: the initrd mounts /dev/vda, and systemd then has nothing to mount again or to wait for.
    kernelArgs: [
      'console=ttyS0 net.ifnames=0 quiet systemd.show_status=auto',
      'mitigations=off audit=0 no_timer_check random.trust_cpu=on',
      // Together 0.6 s of 7 under emulation.
      'no5lvl init_on_alloc=0 cryptomgr.notests rcupdate.rcu_expedited=1',
    ].join(' '),
    virtualSizeBytes: 8 * GIB,
    fsUuid: '5ce44f12-0000-4000-8000-00000000d012',
  },
];

/** @throws IMAGE_UNKNOWN, with the names there are */
export function imageDefinition(name: string): ImageDefinition {
  const found = KNOWN_IMAGES.find((image) => image.name === name);
  if (found) return found;
  const known = KNOWN_IMAGES.map((image) => image.name).join(', ');
  throw new SkerryError('IMAGE_UNKNOWN', { data: { image: name, known } });
}

/** Of packages that would slow down every boot, or do at boot what the host's script does. */
const PACKAGE_LINKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // Only its generator starts it at boot; a provisioner runs it by hand.
  'cloud-init': { 'etc/systemd/system-generators/cloud-init-generator': '/dev/null' },
};

/**
 * What a request is for.
 * @throws IMAGE_UNKNOWN, IMAGE_FIXED for packages on top of an image that no definition here builds
 */
export function requestedDefinition({ name, base, packages }: ImageRequest): ImageDefinition {
  if (base === undefined) return imageDefinition(name);
  const found = KNOWN_IMAGES.find((image) => image.name === base);
  if (!found) {
    const known = KNOWN_IMAGES.map((image) => image.name).join(', ');
    throw new SkerryError('IMAGE_FIXED', { data: { image: base, known } });
  }
  const more = (packages ?? []).filter((one) => !found.packages.includes(one)).sort();
  const links = Object.assign({}, ...more.map((one) => PACKAGE_LINKS[one.replace(/=.*/, '')]));
  return { ...found, name, packages: [...found.packages, ...more], links };
}

/** Names a definition and all that is done with it: an image built otherwise is stale. */
export function definitionHash(definition: ImageDefinition): string {
  const recipe = [BUILD_SCRIPT, KERNEL_SCRIPT, INIT, GUEST_FILES, GUEST_LINKS, GUEST_REMOVED];
  return createHash('sha256')
    .update(JSON.stringify([definition, recipe]))
    .digest('hex')
    .slice(0, 16);
}
