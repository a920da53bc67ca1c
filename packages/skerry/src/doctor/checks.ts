import type { Check } from './check.ts';
import { checkDiskSpace } from './disk-space.ts';
import { checkImages } from './images.ts';
import { checkKvm } from './kvm.ts';
import { checkLabFile } from './lab-file.ts';
import { checkMemory } from './memory.ts';
import { checkNested } from './nested.ts';
import { checkNodeVersion } from './node-version.ts';
import { checkBuildPrograms, checkInternet, checkPrograms } from './programs.ts';
import { checkSandboxes } from './sandboxes.ts';
import { checkSubIds, checkTun, checkUserNamespaces } from './sandbox-needs.ts';
import { checkStateFolder, checkStatePath } from './state-folder.ts';
import { checkVersions } from './versions.ts';

/** Every check, in the order they are shown: what others need comes first. */
export const CHECKS: readonly Check[] = [
  { id: 'node-version', title: 'Node.js', run: checkNodeVersion },
  { id: 'programs', title: 'programs', run: checkPrograms },
  { id: 'versions', title: 'libvirt, QEMU, unshare', run: checkVersions },
  { id: 'subuid', title: 'subordinate ids', run: checkSubIds },
  { id: 'user-namespaces', title: 'namespaces', run: checkUserNamespaces },
  { id: 'tun', title: '/dev/net/tun', run: checkTun },
  { id: 'internet', title: 'way to the internet', run: checkInternet },
  { id: 'kvm', title: 'KVM', run: checkKvm },
  { id: 'nested', title: 'nested machines', run: checkNested },
  { id: 'disk-space', title: 'disk space', run: checkDiskSpace },
  { id: 'memory', title: 'memory', run: checkMemory },
  { id: 'state-folder', title: 'state folder', run: checkStateFolder },
  { id: 'state-path', title: 'socket paths', run: checkStatePath },
  { id: 'sandbox', title: 'sandboxes', run: checkSandboxes },
  { id: 'build-programs', title: 'programs for images', run: checkBuildPrograms },
  { id: 'images', title: 'images', run: checkImages },
  { id: 'lab-file', title: 'lab file', run: checkLabFile },
];
