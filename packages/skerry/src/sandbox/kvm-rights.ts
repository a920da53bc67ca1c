// Who may open /dev/kvm. libvirt starts QEMU without the supplementary groups of whoever started libvirtd, so in an
// ordinary user's sandbox a right that comes from the group `kvm` is libvirtd's but not QEMU's. libvirt then probes
// QEMU anew at every call (4 s each), and no machine starts under KVM.
import { run } from '../util/run.ts';
import type { HostUser } from './host-user.ts';

/**
 * Whether QEMU in a sandbox may open it, given that this process may. Root's sandbox makes a node of its own, which
 * every user in it may open.
 */
export async function canQemuOpenKvm(
  user: HostUser,
  signal?: AbortSignal,
  path = '/dev/kvm',
): Promise<boolean> {
  if (user.isRoot) return true;
  const namespace = ['--user', '--map-root-user', '--map-auto'];
  const open = ['setpriv', '--clear-groups', 'sh', '-c', ': <>"$0"', path];
  const { code } = await run('unshare', [...namespace, ...open], {
    signal,
    cwd: '/',
    hasGroup: true,
  });
  return code === 0;
}
