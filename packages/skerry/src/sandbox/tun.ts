// /dev/net/tun: how machines get their network cards, and pasta its way in.
import { open } from 'node:fs/promises';
import type { HostProblem } from './host-problem.ts';

const PATH = '/dev/net/tun';
const RULE = `KERNEL=="tun", MODE="0666", OPTIONS+="static_node=net/tun"`;

/** Opens it as QEMU will; what is wrong, or undefined. */
export async function tunProblem(path: string = PATH): Promise<HostProblem | undefined> {
  try {
    await using file = await open(path, 'r+');
    void file;
    return undefined;
  } catch (error) {
    return explainTun((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

/** By the errno of opening it. */
export function explainTun(errno: string): HostProblem {
  const problem = (finding: string, remedy: readonly string[]): HostProblem => ({
    code: 'TUN_DENIED',
    finding,
    remedy,
  });
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return problem(`this user may not open ${PATH}`, [
        `sudo chmod 666 ${PATH}`,
        '# and for every boot to come:',
        `echo '${RULE}' | sudo tee /etc/udev/rules.d/60-skerry-tun.rules`,
      ]);
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return problem(`there is no ${PATH}`, [
        'sudo modprobe tun',
        '# and for every boot to come:',
        'echo tun | sudo tee /etc/modules-load.d/skerry-tun.conf',
        `# In a container, start it with: docker run --device ${PATH} ...`,
      ]);
    default:
      return problem(`${PATH} does not open (${errno})`, [
        'sudo modprobe -r tun',
        'sudo modprobe tun',
      ]);
  }
}
