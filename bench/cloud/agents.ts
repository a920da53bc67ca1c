// Hypervisors that are not there: each on the bus, with machines that are not there either, of which it tells what they use
// once a second. On stdin: a CentralPlace in a line; its end is the end. Arguments: names.
import { createInterface } from 'node:readline';
import { Entities } from '../../packages/skerry/src/cloud/agent/entities.ts';
import { XmppBus } from '../../packages/skerry/src/cloud/bus/xmpp/xmpp-bus.ts';
import { aHypervisor, aVm } from '../../packages/skerry/src/cloud/test-entities.ts';
import type { CentralPlace } from './central.ts';

const VMS = 100;
const names = process.argv.slice(2);

for await (const line of createInterface({ input: process.stdin })) {
  const place = JSON.parse(line) as CentralPlace;
  await Promise.all(names.map((name) => pretend(place, name)));
  console.log('they are there');
}
process.exit();

async function pretend({ domain, server, passwords }: CentralPlace, name: string): Promise<void> {
  const bus = new XmppBus({ address: name, domain, server, password: passwords[name] ?? '' });
  const entities = new Entities(`epoch of ${name}`, (publication) => bus.publish(publication));
  entities.set(aHypervisor(name));
  const vms = Array.from({ length: VMS }, (_, at) =>
    aVm({
      hypervisor: name,
      name: `${name}-vm${at}`,
      state: at % 3 === 0 ? 'shutoff' : 'running',
      tags: [`t${at % 7}`],
    }),
  );
  // Machines of several processes must not have the same uuids.
  for (const vm of vms) entities.set(vm);
  bus.serve(async (body) =>
    (body as { type: string }).type === 'sync'
      ? entities.snapshot()
      : (body as { type: string }).type === 'audit'
        ? []
        : {},
  );
  await bus.ready();
  setInterval(() => entities.sayAlive(), 5000);
  setInterval(() => {
    bus.publish({
      type: 'usage',
      at: Date.now(),
      entities: vms.map(({ id }) => ({
        id,
        cpu: Math.random(),
        memoryMiB: 500,
        diskReadBps: 1000,
        diskWriteBps: 1000,
        netRxBps: 1000,
        netTxBps: 1000,
      })),
    });
  }, 1000);
}
