// Central with its ejabberd and its web port, in a process of its own; says on stdout how to reach them. Argument: a folder.
import { keepEjabberd } from '../../packages/skerry/src/cloud/bus/xmpp/keep-ejabberd.ts';
import { XmppBus } from '../../packages/skerry/src/cloud/bus/xmpp/xmpp-bus.ts';
import { Central } from '../../packages/skerry/src/cloud/central/central.ts';
import { CentralServer } from '../../packages/skerry/src/cloud/central/http/server.ts';

/** What the bench is told. */
export interface CentralPlace {
  readonly url: string;
  readonly session: string;
  readonly ejabberdPid: number;
  readonly domain: string;
  readonly server: { readonly socketPath: string };
  readonly passwords: Readonly<Record<string, string>>;
}

const [dir = '', webDir = '', ...members] = process.argv.slice(2);
const ejabberd = await keepEjabberd({ dir: `${dir}/bus`, domain: 'bench.local' });
const connect = async (address: string): Promise<XmppBus> =>
  new XmppBus({
    address,
    domain: ejabberd.busDomain,
    server: ejabberd.local,
    password: await ejabberd.addMember(address),
  });
const bus = await connect('central');
const central = new Central({ bus, stateDir: null });
await central.users.add('ann');
central.policies.update((policy) => ({ ...policy, admins: ['ann'] }));
const server = await CentralServer.start({
  central,
  version: 'bench',
  webDir,
  host: '127.0.0.1',
  port: 0,
});
const passwords: Record<string, string> = {};
for (const member of members) passwords[member] = await ejabberd.addMember(member);
const place = {
  url: server.url,
  session: central.users.issue('ann', 'session'),
  ejabberdPid: ejabberd.pid,
  domain: ejabberd.busDomain,
  server: ejabberd.local,
  passwords,
};
console.log(JSON.stringify(place));
// Its parent's end is its own.
process.stdin.resume().on('end', () => {
  void Promise.resolve(ejabberd[Symbol.asyncDispose]()).finally(() => process.exit());
});
