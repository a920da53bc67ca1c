import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthority } from '../src/cloud/bus/xmpp/certificate.ts';
import { type Ejabberd, startEjabberd } from '../src/cloud/bus/xmpp/ejabberd.ts';
import { presenceStanza } from '../src/cloud/bus/xmpp/bus-stanzas.ts';
import { formatJid } from '../src/cloud/bus/xmpp/jid.ts';
import { element } from '../src/cloud/bus/xmpp/stanza.ts';
import { XmppBus, type XmppBusOptions } from '../src/cloud/bus/xmpp/xmpp-bus.ts';
import { XmppClient } from '../src/cloud/bus/xmpp/xmpp-client.ts';
import { busContract, heardOf, listen, numbered, until } from './support/bus-contract.ts';
import { startTcpProxy } from './support/tcp-proxy.ts';

const dir = await mkdtemp('/tmp/skerry-bus-');
let ejabberd: Ejabberd;
beforeAll(async () => {
  ejabberd = await startEjabberd({ dir, domain: 'cloud.test' });
}, 60_000);
afterAll(async () => {
  await ejabberd[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

async function optionsOf(address: string, more: Partial<XmppBusOptions> = {}) {
  const password = await ejabberd.addMember(address);
  return { address, domain: ejabberd.busDomain, server: ejabberd.local, password, ...more };
}

async function connect(address: string, more: Partial<XmppBusOptions> = {}): Promise<XmppBus> {
  const bus = new XmppBus(await optionsOf(address, more));
  await bus.ready();
  return bus;
}

/** A client that says what it likes, with an account of its own. */
async function speak(
  local: string,
  domain: string,
  password = 'such a secret',
): Promise<XmppClient> {
  await ejabberd.admin.ensureAccount(local, domain, password);
  const client = new XmppClient({
    server: ejabberd.local,
    jid: { local, domain, resource: local },
    password,
    handlers: { onSession: () => {} },
  });
  await client.ready();
  return client;
}

busContract('the bus over ejabberd', async () => ({
  connect: (address) => connect(address),
  cut: (connection) => (connection as XmppBus).dropConnection(),
  [Symbol.asyncDispose]: async () => {},
}));

describe.concurrent('faults', { timeout: 60_000 }, () => {
  test('an agent that is killed is gone soon, and here again afterwards', async () => {
    await using central = await connect('central-kill');
    const heard = listen(central);
    const script = fileURLToPath(new URL('support/bus-member.ts', import.meta.url));
    const options = await optionsOf('hv-kill', { goneSeconds: 1 });
    const child = spawn(process.execPath, ['--conditions=@skerry/source', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(JSON.stringify(options));
    await until('it is here', () => heard.presences.includes('hv-kill here'));
    const asked = central.request('hv-kill', { x: 1 });
    expect(await asked).toEqual({ x: 1 });
    child.kill('SIGKILL');
    const began = performance.now();
    await until('it is gone', () => heard.presences.includes('hv-kill gone'));
    // It would be 5 s by default.
    expect(performance.now() - began).toBeLessThan(5000);
    await expect(central.request('hv-kill', {})).rejects.toMatchObject({ code: 'unreachable' });
    await using again = new XmppBus(options);
    await again.ready();
    await until('it is here', () => heardOf(heard, 'hv-kill').presences.at(-1) === 'here');
  });

  test('an agent that is started again at once is here again, and its requests are not waited for', async () => {
    await using central = await connect('central-quick');
    const heard = listen(central);
    const options = await optionsOf('hv-quick');
    const replaced = Promise.withResolvers<void>();
    await using old = new XmppBus({ ...options, onReplaced: replaced.resolve });
    const handled = Promise.withResolvers<void>();
    old.serve(() => {
      handled.resolve();
      return new Promise(() => {});
    });
    await until('it is here', () => heard.presences.includes('hv-quick here'));
    const asked = central.request('hv-quick', {});
    asked.catch(() => {});
    await handled.promise;
    await using next = new XmppBus(options);
    next.serve(async () => 'new');
    await replaced.promise;
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
    await until('it is here', () => heardOf(heard, 'hv-quick').presences.at(-1) === 'here');
    expect(await central.request('hv-quick', {})).toBe('new');
    // The old one gives up for good: two of them would throw each other out for ever.
    expect(old.connected).toBe(false);
    await expect(old.request('central-quick', {})).rejects.toMatchObject({ code: 'closed' });
  });

  test('one that is there has not gone because the server says so of the one before it', async () => {
    await using central = await connect('central-late');
    const heard = listen(central);
    const password = await ejabberd.addMember('hv-late');
    const client = await speak('hv-late', ejabberd.busDomain, password);
    client.send(presenceStanza({ life: 'second', session: '1', follows: false }));
    await until('it is here', () => heard.presences.includes('hv-late here'));
    // What the server says when the session before is taken down later than this one is set up.
    const to = formatJid({
      local: 'central-late',
      domain: ejabberd.busDomain,
      resource: 'central-late',
    });
    client.send(element('presence', { type: 'unavailable', to }));
    await sleep(300);
    expect(heardOf(heard, 'hv-late').presences).toEqual(['here']);
    await client[Symbol.asyncDispose]();
    await until('it has gone', () => heard.presences.includes('hv-late gone'));
  });

  test('a network that loses everything silently is noticed, and nothing is lost', async () => {
    await using proxy = await startTcpProxy(ejabberd.remote.port);
    await using central = await connect('central-hole');
    const heard = listen(central);
    await using agent = await connect('hv-hole', {
      server: { ...ejabberd.remote, port: proxy.port },
      idleMs: 200,
      goneSeconds: 20,
    });
    agent.serve(async (body) => body);
    await until('it is here', () => heard.presences.includes('hv-hole here'));
    await central.request('hv-hole', {});
    agent.publish(numbered(1));
    await until('one has come', () => heard.publications.length === 1);
    proxy.set('hole');
    agent.publish(numbered(2));
    const asked = central.request('hv-hole', 'still there?');
    await until('it has noticed', () => !agent.connected);
    agent.publish(numbered(3));
    proxy.set('up');
    expect(await asked).toBe('still there?');
    await until('all have come', () => heard.publications.length >= 3);
    expect(heardOf(heard, 'hv-hole').seqs).toEqual([1, 2, 3]);
    expect(heardOf(heard, 'hv-hole').presences).toEqual(['here']);
  });

  test('a cut that lasts: gone, then here again, and what was published meanwhile comes', async () => {
    await using proxy = await startTcpProxy(ejabberd.remote.port);
    await using central = await connect('central-long');
    const heard = listen(central);
    await using agent = await connect('hv-long', {
      server: { ...ejabberd.remote, port: proxy.port },
      goneSeconds: 1,
    });
    const own = listen(agent);
    agent.serve(async (body) => body);
    await until('it is here', () => heard.presences.includes('hv-long here'));
    await until('so is the other', () => own.presences.includes('central-long here'));
    proxy.set('refuse');
    proxy.cut();
    await until('it has noticed', () => !agent.connected);
    agent.publish(numbered(1));
    agent.publish({ type: 'alive', epoch: 'e', seq: 99 });
    await until('it is gone', () => heard.presences.includes('hv-long gone'));
    await until('so is the other', () => own.presences.includes('central-long gone'));
    await expect(agent.request('central-long', {})).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^the bus cannot be reached/),
    });
    agent.publish(numbered(2));
    proxy.set('up');
    await until('it is here again', () => heardOf(heard, 'hv-long').presences.at(-1) === 'here');
    await until('both have come', () => heard.publications.length >= 2);
    expect(heardOf(heard, 'hv-long').seqs).toEqual([1, 2]);
    expect(await central.request('hv-long', 'back')).toBe('back');
    expect(heardOf(own, 'central-long').presences).toEqual(['here', 'gone', 'here']);
  });
});

describe.concurrent('bad input', { timeout: 60_000 }, () => {
  test('malformed stanzas of a member end nothing', async () => {
    await using central = await connect('central-bad');
    const heard = listen(central);
    central.serve(async (body) => body);
    await using bad = await speak('hv-bad', ejabberd.busDomain);
    const to = `central-bad@${ejabberd.busDomain}/central-bad`;
    const xmlns = 'urn:skerry:bus:1';
    const says = (...payload: ReturnType<typeof element>[]): void =>
      void bad.send(element('message', { to, type: 'headline' }, ...payload));
    says();
    says(element('publication', { xmlns }, '{"type":'));
    says(element('publication', { xmlns: 'urn:other' }, '{}'));
    for (const [n, of] of [
      ['-1', '2'],
      ['x', 'y'],
      ['0', '1e9'],
      ['5', '2'],
      ['0.5', '2'],
    ])
      says(element('publication', { xmlns, id: 'x', n, of }, '{}'));
    says(element('cancel', { xmlns, id: '__proto__' }), element('cancel', { xmlns }));
    says(element('request', { xmlns, id: '1', n: '0', of: '2' }, '{}'));
    bad.send(element('presence', { to }, element('bus', { xmlns })));
    bad.send(element('presence', { to, type: 'error' }, element('bus', { xmlns, life: 'x' })));
    bad.send(element('iq', { to, type: 'result', id: 'nothing' }));
    bad.send(element('iq', { to, type: 'error', id: 'nothing' }));
    const asks = (payload: ReturnType<typeof element>): Promise<unknown> =>
      bad.request('set', to, payload);
    await expect(asks(element('request', { xmlns }, '{'))).rejects.toThrow('no JSON');
    await expect(
      asks(element('request', { xmlns, id: '2', n: '1', of: '2' }, '}')),
    ).rejects.toThrow('not all of it came');
    await expect(asks(element('publication', { xmlns }, '{}'))).rejects.toMatchObject({
      condition: 'service-unavailable',
    });
    await expect(asks(element('query', { xmlns: 'archipel:vm:control' }))).rejects.toMatchObject({
      condition: 'service-unavailable',
    });
    expect(heard.publications).toEqual([]);
    expect(central.connected).toBe(true);
    await using good = await connect('hv-good');
    expect(await good.request('central-bad', 1)).toBe(1);
  });

  test('whoever is no member is not heard', async () => {
    await using central = await connect('central-stranger');
    const heard = listen(central);
    let asked = 0;
    central.serve(async () => ++asked);
    // A person who is called like a hypervisor.
    await using person = await speak('hv-stranger', ejabberd.domain);
    const to = `central-stranger@${ejabberd.busDomain}/central-stranger`;
    const xmlns = 'urn:skerry:bus:1';
    const said = { xmlns, life: 'l', session: '1', follows: '1' };
    person.send(element('presence', { to }, element('bus', said)));
    person.send(
      element('message', { to, type: 'headline' }, element('publication', { xmlns }, '{}')),
    );
    await expect(
      person.request('set', to, element('request', { xmlns }, '{}')),
    ).rejects.toMatchObject({ condition: 'forbidden' });
    expect(asked).toBe(0);
    expect(heard.publications).toEqual([]);
    expect(heard.presences.filter((line) => line.includes('stranger'))).toEqual([]);
  });

  test('the server refuses a stanza in the name of another', async () => {
    await using central = await connect('central-name');
    const heard = listen(central);
    await using liar = await speak('hv-liar', ejabberd.busDomain);
    const from = `hv-other@${ejabberd.busDomain}/hv-other`;
    const to = `central-name@${ejabberd.busDomain}/central-name`;
    const publication = element('publication', { xmlns: 'urn:skerry:bus:1' }, '{"seq":1}');
    liar.send(element('message', { from, to, type: 'headline' }, publication), { again: false });
    await until('it is thrown out', () => !liar.online);
    expect(heard.publications).toEqual([]);
  });

  test('a wrong password is said at once', async () => {
    const options = await optionsOf('hv-wrong', { password: 'wrong' });
    await using bus = new XmppBus(options);
    await expect(bus.ready()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/^the bus cannot be reached as hv-wrong: /),
    });
    expect(bus.connected).toBe(false);
  });

  test('a server that is not there is said, too', async () => {
    await using bus = new XmppBus({
      address: 'hv-nowhere',
      domain: 'x.test',
      server: { host: '127.0.0.1', port: 1, ca: '' },
      password: 'x',
    });
    await until('it was tried', () => bus.problem.includes('ECONNREFUSED'));
    await expect(bus.ready({ timeoutMs: 1 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    const asked = bus.request('central', {}, { timeoutMs: 200 });
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('TLS: only a server with a certificate of the given authority', async () => {
    await using central = await connect('central-tls');
    central.serve(async (body) => body);
    await using agent = await connect('hv-tls', { server: ejabberd.remote });
    expect(await agent.request('central-tls', 'x'.repeat(200_000))).toHaveLength(200_000);
    const ca = makeAuthority('Skerry bus').certificate;
    const wrong = await optionsOf('hv-tls-wrong', { server: { ...ejabberd.remote, ca } });
    await using lost = new XmppBus(wrong);
    await until('it was tried', () => lost.problem.includes('certificate'));
    await expect(lost.ready({ timeoutMs: 1 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/certificate/),
    });
  });
});

test('a login keeps the event loop for no longer than 50 ms', async () => {
  const options = await optionsOf('hv-loop');
  const longest: number[] = [];
  // Others may have the processor meanwhile: once is enough, as it does the same each time.
  while (longest.length < 10 && !longest.some((ms) => ms < 50)) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await using bus = new XmppBus(options);
    await bus.ready();
    delay.disable();
    longest.push(delay.max / 1e6);
  }
  expect(Math.min(...longest)).toBeLessThan(50);
});

test('ejabberd started again: all are back, and nothing is lost or done twice', async () => {
  await using central = await connect('central-again', { goneSeconds: 100 });
  await using agent = await connect('hv-again', { goneSeconds: 100 });
  const heard = listen(central);
  const done: unknown[] = [];
  const release = Promise.withResolvers<void>();
  agent.serve(async (body) => {
    done.push(body);
    if (body === 'start vm1') await release.promise;
    return body;
  });
  await until('it is here', () => heardOf(heard, 'hv-again').presences.includes('here'));
  await central.request('hv-again', 'info');
  agent.publish(numbered(1));
  const asked = central.request('hv-again', 'start vm1', { timeoutMs: 120_000 });
  asked.catch(() => {});
  await until('it is being done', () => done.length === 2);
  const { port } = ejabberd.remote;
  await ejabberd[Symbol.asyncDispose]();
  await until('both have noticed', () => !central.connected && !agent.connected);
  agent.publish(numbered(2));
  release.resolve();
  ejabberd = await startEjabberd({ dir, domain: 'cloud.test', port });
  const seqs = (): number[] => [...new Set(heardOf(heard, 'hv-again').seqs)];
  await until('all has come', () => seqs().length >= 2);
  agent.publish(numbered(3));
  await until('all has come', () => seqs().length >= 3);
  // What was sent and not yet acknowledged may come twice.
  expect(seqs()).toEqual([1, 2, 3]);
  expect(await asked).toBe('start vm1');
  expect(done).toEqual(['info', 'start vm1']);
  expect(heardOf(heard, 'hv-again').presences).toEqual(['here', 'here']);
  expect(await central.request('hv-again', 'stop vm1')).toBe('stop vm1');
});
