// A member of the bus in a process of its own, to be killed. Reads its options as JSON from stdin.
import { readFileSync } from 'node:fs';
import { XmppBus, type XmppBusOptions } from '../../src/cloud/bus/xmpp/xmpp-bus.ts';

const options = JSON.parse(readFileSync(0, 'utf8')) as XmppBusOptions;
const bus = new XmppBus(options);
bus.serve(async (body) => body);
await bus.ready();
console.log('ready');
