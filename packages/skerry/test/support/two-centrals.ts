// Two centrals in this process, each with a bus of its own, and agents on both; networks that can be cut.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from '../../../libvirt/test/daemon.ts';
import { Agent } from '../../src/cloud/agent/agent.ts';
import { type BusConnection, BusError } from '../../src/cloud/bus/bus.ts';
import { type BusKind, type OpenBus, openBus } from '../../src/cloud/bus/open-bus.ts';
import { SeveralBuses } from '../../src/cloud/bus/several-buses.ts';
import { Central } from '../../src/cloud/central/central.ts';
import { openDatabase } from '../../src/cloud/central/database.ts';
import type { LeadershipTimes } from '../../src/cloud/central/leadership.ts';
import { Standing } from '../../src/cloud/central/standing.ts';
import { membership, type Membership } from '../../src/cloud/bus/membership.ts';
import { poll } from '../../src/util/poll.ts';
import { SETTINGS } from './cloud.ts';

/** Five times as fast as real ones. */
export const TIMES: LeadershipTimes = { leadMs: 300, leaseMs: 1200, takeoverMs: 2000 };
const LOST_MS = 1600;

export interface TestCentral {
  readonly name: string;
  readonly central: Central;
  start(): Promise<void>;
  /** As if its host had lost its power, but for what it has written. */
  stop(): Promise<void>;
}

export interface TwoCentrals extends AsyncDisposable {
  readonly one: TestCentral;
  readonly two: TestCentral;
  readonly agents: readonly Agent[];
  readonly dir: string;
  readonly said: string[];
  /** Who cannot talk to whom: `one two`, `two hv1`; each pair in the order of the alphabet, but for centrals first. */
  readonly cuts: Set<string>;
  /** Runs an agent anew. */
  until(what: string, isSo: () => boolean, timeoutMs?: number): Promise<true>;
}

export async function startTwoCentrals(
  kind: BusKind,
  hypervisors: readonly string[],
): Promise<TwoCentrals> {
  const dir = await mkdtemp('/tmp/sk2-');
  const daemon = await startDaemon();
  const cuts = new Set<string>();
  const said: string[] = [];
  const log =
    (name: string) =>
    (line: string): void =>
      void said.push(`${name}: ${line}`);
  const buses = new Map<string, OpenBus>();
  const busOf = (name: string): OpenBus => {
    const bus = buses.get(name);
    if (!bus) throw new BusError('unreachable', `${name} is not there`);
    return bus;
  };
  const place = (central: string, address: string): Membership => ({
    address,
    central,
    url: `http://${central}.test`,
    ca: '',
    bus: { domain: 'test', host: central, port: 1, password: '' },
  });
  const running = new Map<string, Central>();

  function testCentral(name: string): TestCentral {
    return {
      name,
      get central() {
        const central = running.get(name);
        if (!central) throw new Error(`${name} does not run`);
        return central;
      },
      async start() {
        if (kind === 'xmpp' || !buses.has(name))
          buses.set(name, await openBus(kind, join(dir, name)));
        const central = new Central({
          name,
          stateDir: join(dir, name),
          bus: cuttable(
            await busOf(name).connect('central'),
            (to) =>
              cuts.has(`${name} ${to === 'central-2' ? other(name) : to}`) ||
              (to === 'central-2' && cuts.has(`${other(name)} ${name}`)),
          ),
          times: TIMES,
          log: log(name),
          peerHost: {
            url: `http://${name}.test`,
            admit: async (address) => place(name, address),
            connect: async (member) =>
              cuttable(await busOf(member.bus.host).connect(member.address), () =>
                [`${name} ${member.bus.host}`, `${member.bus.host} ${name}`].some((each) =>
                  cuts.has(each),
                ),
              ),
          },
        });
        running.set(name, central);
      },
      async stop() {
        const central = running.get(name);
        running.delete(name);
        await central?.[Symbol.asyncDispose]();
        if (kind !== 'xmpp') return;
        await buses.get(name)?.[Symbol.asyncDispose]();
        buses.delete(name);
      },
    };
  }

  const [one, two] = [testCentral('one'), testCentral('two')];
  await one.start();
  await one.central.users.add('ann');
  one.central.policies.update((policy) => ({ ...policy, admins: ['ann'] }));
  const agents: Agent[] = [];
  for (const name of hypervisors) {
    const bus = new SeveralBuses(name);
    const join2 = async (central: string): Promise<void> =>
      bus.add(
        central,
        cuttable(
          await busOf(central).connect(name),
          () => false,
          () => cuts.has(`${central} ${name}`),
        ),
      );
    await join2('one');
    agents.push(
      await Agent.start({
        name,
        libvirtUri: daemon.uri('test:///default'),
        stateDir: join(dir, name),
        bus,
        settings: SETTINGS,
        version: '0.0.0',
        lostMs: LOST_MS,
        log: log(name),
        centrals: {
          get known() {
            return bus.centrals;
          },
          ask: (...asked) => bus.ask(...asked),
          join: (given) => join2(membership.parse(given).central ?? ''),
          keep: async (centrals) => {
            for (const each of bus.centrals) if (!centrals.includes(each)) await bus.remove(each);
          },
        },
      }),
    );
  }
  // What `central init --standby-of` does.
  {
    using database = openDatabase(join(dir, 'two'));
    const standing = new Standing(database);
    standing.kept = { ...standing.kept, role: 'standby', active: 'one' };
    standing.peer = { name: 'one', url: 'http://one.test', membership: place('one', 'central-2') };
  }
  await two.start();
  return {
    one,
    two,
    agents,
    dir,
    said,
    cuts,
    until: (what, isSo, timeoutMs = 20_000) =>
      poll(() => isSo() || undefined, {
        timeoutMs,
        intervalMs: 5,
        maxIntervalMs: 20,
        onTimeout: () => new Error(`not within ${timeoutMs / 1000} s: ${what}\n${said.join('\n')}`),
      }),
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
      for (const each of [one, two]) await each.stop();
      for (const bus of buses.values()) await bus[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function other(name: string): string {
  return name === 'one' ? 'two' : 'one';
}

/** A network that can be cut: nothing that is asked arrives, nothing that is published, or nobody answers. */
function cuttable(
  bus: BusConnection,
  isCut: (to: string) => boolean,
  isMute: () => boolean = () => false,
): BusConnection {
  return {
    address: bus.address,
    get connected() {
      return bus.connected;
    },
    async request(to, body, options) {
      if (isCut(to)) throw new BusError('unreachable', `${to} is cut off`);
      return bus.request(to, body, options);
    },
    serve: (handler) => bus.serve(handler),
    publish: (publication) => {
      if (!isMute()) bus.publish(publication);
    },
    follow: (follower) => bus.follow(follower),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}
