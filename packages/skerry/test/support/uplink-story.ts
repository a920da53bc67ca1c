// What hypervisors-uplink.test.ts looks at, as a program, so that it can be run in another network. It prints what is
// heard from web servers: from the VMs' network of the world, of where slirp has its host, and of the host; from a
// hypervisor of the world.
//   argv: the state folder, the way out
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchCommand, HOST_ADDRESS, WORLD_ADDRESS } from '../../../../test/e2e/support/world.ts';
import { startHypervisors } from '../../src/hypervisors/hypervisors.ts';
import type { Uplink } from '../../src/sandbox/uplink.ts';

// A network card on the bridge of the VMs stands for one.
const GUEST = `: >/run/guest; unshare --net=/run/guest true
ip link add guest0 type veth peer name eth0 netns /run/guest
ip link set guest0 master virbr0 up
nsenter --net=/run/guest ip -batch - <<END
link set lo up
link set eth0 up
address add 10.98.0.40/24 dev eth0
route add default via 10.98.0.1
END`;

const [dir = '', uplink = 'none'] = process.argv.slice(2);
const options = { dir, count: 1, accel: 'tcg', ephemeral: true, uplink: uplink as Uplink } as const;
await using hypervisors = await startHypervisors(options);
const hv1 = hypervisors.get('hv1');
await hv1.run(['sh', '-c', GUEST]);
// It takes a moment until the way is there.
for (let tries = uplink === 'none' ? 0 : 50; tries > 0; tries -= 1) {
  if ((await fromGuest(WORLD_ADDRESS)) !== '0') break;
  await sleep(100);
}
const heard = [
  await fromGuest(WORLD_ADDRESS),
  await fromGuest('10.0.2.2'),
  await fromGuest(HOST_ADDRESS),
];
const fromHypervisor = await hv1.run(['sh', '-c', fetchCommand(WORLD_ADDRESS, 2)]);
console.log(JSON.stringify([...heard, fromHypervisor.trim()]));

async function fromGuest(address: string): Promise<string> {
  const fetch = ['sh', '-c', fetchCommand(address, 5)];
  return (await hv1.run(['nsenter', '--net=/run/guest', ...fetch])).trim();
}
