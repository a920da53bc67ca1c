// A private libvirtd in namespaces of its own: nothing of the host's libvirt is seen or touched.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@skerry/libvirt';

export interface Daemon extends AsyncDisposable {
  readonly socket: string;
  readonly folder: string;
  /** A URI for this daemon, e.g. `uri('test:///default')`. */
  readonly uri: (name: string) => string;
  /** The same for libvirt's own clients: without a transport they run the test driver in themselves. */
  readonly clientUri: (name: string) => string;
  readonly kill: () => void;
  /** Its first process, which is in all of its namespaces. */
  readonly initPid: () => Promise<number>;
}

export interface DaemonOptions {
  /**
   * A folder with another system, whose libvirtd is to be run; '' for this system's. Default: the
   * environment's SKERRY_LIBVIRT_ROOT, see contract.test.ts.
   */
  readonly root?: string | undefined;
  /** Be a host of this name, with an id of its own: two hosts that migrate must differ. */
  readonly hostname?: string;
  /** Lines for libvirtd.conf. `FOLDER` in them is the daemon's folder. */
  readonly conf?: readonly string[];
  /** Listen for TLS and TCP, too. */
  readonly listen?: boolean;
  /** Puts files into the daemon's folder; `sasl2` in it has what configures SASL. */
  readonly prepare?: (folder: string) => Promise<void>;
}

/**
 * Pid 1 is a shell that waits, so that orphans are reaped; its end takes all the rest with it. The
 * daemon sees its folder ($1) under that name, also inside the other system's folder ($2).
 */
const script = `
set -e
if [ -n "$2" ]; then
  folders=$(dirname "$1")
  mkdir -p "$2$folders"
  mount --bind "$folders" "$2$folders"
  mount --rbind /dev "$2/dev"
  mount -t proc proc "$2/proc"
  mount -t sysfs sysfs "$2/sys"
  enter="chroot $2"
  mount -t tmpfs tmpfs /run # what a test puts beside the daemon, which sees another /run
  mkdir /run/libvirt
fi
for dir in /run /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
  mkdir -p "$2$dir"; mount -t tmpfs tmpfs "$2$dir"
done
mkdir -p "$2/run/lock" # consoles are locked there
ip link set lo up
# libvirt looks these up by name even when qemu.conf names others.
for file in passwd group; do
  cp /etc/$file "$1/$file"
  grep -q ^libvirt-qemu: "$1/$file" || echo 'libvirt-qemu:x:64055:64055:::' >> "$1/$file"
  touch "$2/etc/$file"
  mount --bind "$1/$file" "$2/etc/$file"
done
cp "$1/qemu.conf" "$2/etc/libvirt/qemu.conf"
if [ -n "$4" ]; then
  hostname "$4"
  echo "127.0.0.1 localhost $4" > "$1/hosts"
  touch "$2/etc/hosts" "$2/etc/resolv.conf"
  mount --bind "$1/hosts" "$2/etc/hosts"
  : > "$1/resolv.conf" # libvirt looks names up: no waiting for servers that cannot be reached
  mount --bind "$1/resolv.conf" "$2/etc/resolv.conf"
fi
export SASL_CONF_PATH=$1/sasl2
$enter libvirtd $3 --config $1/libvirtd.conf --pid-file $1/libvirtd.pid > "$1/log" 2>&1 &
wait $!
`;

/** Starts libvirtd, in system mode. */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const { hostname, conf = [], listen = false, prepare } = options;
  const root = options.root ?? process.env.SKERRY_LIBVIRT_ROOT ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'skerry-libvirt-'));
  const socket = join(folder, 'libvirt-sock');
  const lines = {
    'libvirtd.conf': [
      `unix_sock_dir = "${folder}"`,
      'auth_unix_rw = "none"',
      ...(conf.some((line) => line.startsWith('auth_unix_ro')) ? [] : ['auth_unix_ro = "none"']),
      'log_level = 3',
      'keepalive_interval = 5',
      ...(hostname === undefined ? [] : [`host_uuid = "${randomUUID()}"`]),
      ...conf.map((line) => line.replaceAll('FOLDER', folder)),
    ],
    'qemu.conf': [
      'user = "root"',
      'group = "root"',
      'security_driver = "none"',
      'stdio_handler = "file"',
      'namespaces = []',
      'cgroup_controllers = []',
    ],
  };
  for (const [name, text] of Object.entries(lines)) {
    await writeFile(join(folder, name), `${text.join('\n')}\n`);
  }
  await prepare?.(folder);
  const flags = ['--mount', '--net', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const argv = [
    'unshare',
    ...flags,
    'sh',
    '-c',
    script,
    'sh',
    folder,
    root,
    listen ? '--listen' : '',
    hostname ?? '',
  ];
  const child = spawn('sh', ['-c', 'exec "$@"', 'sh', ...argv], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const uri = (name: string): string => `${name}?socket=${socket}`;
  const clientUri = (name: string): string => uri(name.replace('://', '+unix://'));
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    await waitUntilReady(child, uri('test:///default'));
  } catch (cause) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
    await dispose();
    throw new Error(`libvirtd does not start: ${log.slice(-2000)}`, { cause });
  }
  const kill = (): void => void child.kill('SIGKILL');
  const initPid = async (): Promise<number> => {
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    return Number(children.trim());
  };
  return { socket, folder, uri, clientUri, kill, initPid, [Symbol.asyncDispose]: dispose };
}

async function waitUntilReady(child: ChildProcess, uri: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const conn = await connect(uri);
      return await conn.close();
    } catch (error) {
      if (tries > 1200 || child.exitCode !== null) throw error;
      await delay(50);
    }
  }
}
