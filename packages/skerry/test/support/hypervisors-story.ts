// What hypervisors.test.ts looks at, as a program, so that it can be run as an ordinary user and be killed. It prints one
// JSON object a line, the last one `{"done":true}`, and then lives until it is killed.
//   argv: the state folder
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Connection } from '@skerry/libvirt';
import type { DevHypervisor } from '../../src/hypervisors/dev-hypervisor.ts';
import { startHypervisors } from '../../src/hypervisors/hypervisors.ts';
import { poll } from '../../src/util/poll.ts';

const LIBVIRT_PORT = 16_509;
const [dir = ''] = process.argv.slice(2);
const signal = AbortSignal.timeout(280_000);
const began = performance.now();
const migrate = { live: true, persist: true, undefineSource: true, unsafe: true, signal };

tell({ pid: process.pid });
const start = () => startHypervisors({ dir, count: 2, accel: 'tcg', ephemeral: true, signal });
const { list, get, expose } = await start();
const [hv1, hv2] = list as [DevHypervisor, DevHypervisor];
const first = await connect(hv1.libvirtUri);
const second = await connect(hv2.libvirtUri);
tell({ hosts: [await first.hostname(), await second.hostname()] });
tell({
  uuids: new Set([hostUuid(await first.capabilities()), hostUuid(await second.capabilities())])
    .size,
});
for (const connection of [first, second])
  tell({ [await connection.hostname()]: await defaultsOf(connection) });

const pool = await first.pool('default');
await pool.createVolume(
  `<volume><name>disk</name><capacity unit="MiB">8</capacity><target><format type="qcow2"/></target></volume>`,
);
// libvirt only knows what it has seen.
await (await second.pool('default')).refresh();
const domain = await first.defineDomain(domainXml());
await domain.start();
tell({ started: await places() });
tell({ vnc: await greetingOf('localhost', 5900) });
await domain.migrateTo(hv2.migrationUri, migrate);
tell({ migrated: await places() });
await (await second.domain('tiny')).migrateTo(hv1.migrationUri, migrate);
tell({ migratedBack: await places() });
await first.createNetwork(`<network>
  <name>routed</name><forward mode="nat"/><bridge name="virbr1" stp="off" delay="0"/>
  <ip address="10.97.0.1" netmask="255.255.255.0"/>
</network>`);
await first.close();

const service = createServer((socket) => {
  socket.on('error', () => {}).end('hello');
}).listen(join(dir, 'service'));
const exposed = await expose(7, { path: join(dir, 'service') });
const shared = `ip address add 10.98.0.40/24 dev eth0; ip address add 10.99.0.40/32 dev eth0
  ip route add 10.99.0.1 dev eth0; ip route add 10.99.0.0/24 via 10.98.0.1`;
const routed = 'ip address add 10.97.0.40/24 dev eth0; ip route add default via 10.97.0.1';
tell({
  guestsReach: await Promise.all([
    reachedByGuest('virbr0', shared),
    reachedByGuest('virbr1', routed),
  ]),
});
tell({ joined: [await reaches(hv1, 'hv2'), await heardOutside()] });
await hv1.cutOff();
tell({ cutOff: await Promise.all([reaches(hv1, 'hv2', 1), heardOutside(1)]) });
await hv1.heal();
tell({ healed: [await reaches(hv1, 'hv2'), await heardOutside()] });
tell({ twice: await expose(7, { path: join(dir, 'service') }).catch(String) });
await exposed[Symbol.asyncDispose]();
service.close();
tell({ disposed: await heardOutside() });

await hv1.killLibvirtd();
await using again = await poll(() => connect(hv1.libvirtUri).catch(() => undefined), {
  ...{ timeoutMs: 20_000, signal },
  onTimeout: () => new Error('libvirtd did not come back'),
});
tell({ afterLibvirtd: (await (await again.domain('tiny')).info()).state });

await hv2.crash();
tell({ crashed: [await hv1.isRunning(), await hv2.isRunning()] });
await second.closed.catch(() => {});
// Another start finds one of them, and starts the other.
const found = await start();
tell({ found: await Promise.all(found.list.map((hypervisor) => hypervisor.isRunning())) });
tell({ names: [get('hv1').name, nameOfError(() => get('hv3'))] });
tell({ done: true });
await sleep(120_000);

function tell(what: Record<string, unknown>): void {
  const at = Math.round(performance.now() - began);
  console.log(JSON.stringify({ ...what, at }));
}

function hostUuid(capabilities: string): string | undefined {
  return /<uuid>(.*?)<\/uuid>/.exec(capabilities)?.[1];
}

async function defaultsOf(connection: Connection): Promise<boolean[]> {
  const [network, storage] = [
    await connection.network('default'),
    await connection.pool('default'),
  ];
  return [await network.isActive(), await storage.isActive()];
}

async function places(): Promise<string[][]> {
  const lists = await Promise.all([first, second].map((connection) => connection.domains()));
  return lists.map((domains) => domains.map(({ name }) => name));
}

async function greetingOf(host: string, port: number): Promise<string> {
  const socket = await hv1.dialTcp(host, port, signal);
  const [greeting] = (await once(socket, 'data', { signal })) as [Buffer];
  socket.destroy();
  return greeting.toString().trim();
}

/** What the service says to a process in hv1. */
async function heardOutside(seconds = 10): Promise<string> {
  const hear = `timeout ${seconds} bash --norc -c "cat </dev/tcp/outside/7" 2>/dev/null || echo nothing`;
  return (await hv1.run(['sh', '-c', hear], signal)).trim();
}

async function reaches(from: DevHypervisor, host: string, seconds = 10): Promise<boolean> {
  try {
    (await from.dialTcp(host, LIBVIRT_PORT, AbortSignal.timeout(1000 * seconds))).destroy();
    return true;
  } catch {
    return false;
  }
}

/** What a network card on a bridge of hv1 reaches: a name server, libvirt of both hypervisors, the service. */
async function reachedByGuest(bridge: string, addressing: string): Promise<string[]> {
  const ports = ['10.99.0.1', '10.99.0.2', '10.98.0.2', '10.98.0.3']
    .map((address) => `${address}/${LIBVIRT_PORT}`)
    .concat('10.99.0.254/7');
  const probe = `for there in 10.98.0.1/53 10.97.0.1/53 ${ports.join(' ')}; do
    case $there in *.1/53) seconds=5 ;; *) seconds=1 ;; esac
    timeout $seconds bash --norc -c "</dev/tcp/$there" 2>/dev/null && echo "$there" & done; wait`;
  const inGuest = `ip link set lo up; ip link set eth0 up; ${addressing}; ${probe}`;
  const script = `: >/run/${bridge}; unshare --net=/run/${bridge} true
    ip link add guest-${bridge} type veth peer name eth0 netns /run/${bridge}
    ip link set guest-${bridge} master ${bridge} up
    nsenter --net=/run/${bridge} bash --norc -c '${inGuest}'`;
  return (await hv1.run(['bash', '--norc', '-c', script], signal)).trim().split('\n');
}

function nameOfError(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

function domainXml(): string {
  return `<domain type="qemu">
  <name>tiny</name><memory unit="MiB">64</memory><vcpu>1</vcpu>
  <os><type arch="x86_64" machine="pc">hvm</type></os>
  <devices>
    <disk type="volume" device="disk">
      <driver name="qemu" type="qcow2" cache="none"/>
      <source pool="default" volume="disk"/><target dev="vda" bus="virtio"/>
    </disk>
    <interface type="network"><source network="default"/><model type="virtio"/><rom enabled="no"/></interface>
    <serial type="pty"/><console type="pty"/>
    <graphics type="vnc" autoport="yes" listen="127.0.0.1"/>
    <video><model type="vga" vram="4096"/></video>
    <memballoon model="none"/>
  </devices>
</domain>`;
}
