// The bus of `cloud dev`, with what people see of it.
import { mkdtemp, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openBus } from '../src/cloud/bus/open-bus.ts';
import { child, element, text } from '../src/cloud/bus/xmpp/stanza.ts';
import { XmppClient } from '../src/cloud/bus/xmpp/xmpp-client.ts';
import { centralRequest } from '../src/cloud/bus/messages.ts';
import type { EntityId, EntityState } from '../src/cloud/entity.ts';
import type { Element } from '../src/cloud/xml/element.ts';
import { listen, until } from './support/bus-contract.ts';

test('the local bus has no people', async () => {
  await using bus = await openBus('local', '/nowhere');
  expect(bus.people).toBeUndefined();
  await using central = await bus.connect('central');
  expect(central.connected).toBe(true);
});

test('what an agent publishes on the other one is seen by central and by people', async () => {
  const dir = await mkdtemp('/tmp/skerry-ob-');
  try {
    await using bus = await openBus('xmpp', dir);
    const { people } = bus;
    if (!people) throw new Error('it has no people');
    await people.accounts.addPerson('ada', 'enchantress', true);
    await using central = await bus.connect('central');
    const heard = listen(central);
    central.serve(async (body) => {
      const { entity } = centralRequest.parse(body);
      return { password: await people.accounts.addEntity(entity as EntityId) };
    });
    await using agent = people.show(await bus.connect('hv1'));
    agent.serve(async () => 'done');
    agent.answer({
      chat: async (entity, user, words) => `${entity} heard ${words} of ${user}.`,
      act: async () => ({ ok: true, result: {} }),
    });
    await until('the agent is here', () => heard.presences.includes('hv1 here'));
    expect(await central.request('hv1', {})).toBe('done');
    const hypervisor = {
      kind: 'hypervisor',
      id: 'hypervisor:hv1',
      name: 'hv1',
      libvirt: 'connected',
    };
    const vm = {
      kind: 'vm',
      id: 'vm:0a1b',
      name: 'web',
      state: 'running',
      managed: true,
      task: null,
    };
    const changed = [hypervisor, vm] as unknown as EntityState[];
    agent.publish({ type: 'state', epoch: 'e', seq: 1, changed, removed: [] });
    await until('central has it', () => heard.publications.length === 1);

    const got: Element[] = [];
    await using ada = new XmppClient({
      server: people.server,
      jid: { local: 'ada', domain: people.domain, resource: 'phone' },
      password: 'enchantress',
      handlers: {
        onSession: () => {},
        onMessage: (stanza) => got.push(stanza),
        onPresence: (stanza) => got.push(stanza),
      },
    });
    await ada.ready();
    ada.send(element('presence'));
    const from = `0a1b@${people.domain}/hv1`;
    await until('the machine is seen', () =>
      got.some(({ attributes }) => attributes.from === from),
    );
    const said = element('body', {}, 'how are you');
    ada.send(element('message', { to: from, type: 'chat' }, said));
    const answers = (): string[] =>
      got.flatMap((stanza) => {
        const body = child(stanza, 'body');
        return body ? [text(body)] : [];
      });
    await until('it answers', () => answers().length > 0);
    expect(answers()).toEqual(['vm:0a1b heard how are you of ada.']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
