// People's server is away for long: who looks for it, and when all are back.
import { mkdtemp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { type Ejabberd, startEjabberd } from '../src/cloud/bus/xmpp/ejabberd.ts';
import { ChatAccounts } from '../src/cloud/chat/chat-accounts.ts';
import { EntitySessions } from '../src/cloud/chat/entity-sessions.ts';
import type { EntityId } from '../src/cloud/entity.ts';
import { poll } from '../src/util/poll.ts';
import { until } from './support/bus-contract.ts';
import { startTcpProxy } from './support/tcp-proxy.ts';

const DOMAIN = 'cloud.test';
const dir = await mkdtemp('/tmp/skerry-out-');

let ejabberd: Ejabberd;
let accounts: ChatAccounts;

beforeAll(async () => {
  ejabberd = await startEjabberd({ dir, domain: DOMAIN });
  accounts = new ChatAccounts(ejabberd.admin, DOMAIN);
  await accounts.prepare();
}, 60_000);

afterAll(async () => {
  await ejabberd[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

test('after a long outage all are back at once: the hypervisor looks, and wakes its machines', async () => {
  await using proxy = await startTcpProxy(ejabberd.remote.port);
  const ids: EntityId[] = ['hypervisor:hv-away'];
  for (let at = 0; at < 6; at++) ids.push(`vm:0a1b2c3d-0000-4000-8000-0000000001${at}0`);
  const passwords = new Map<EntityId, string>();
  for (const id of ids) passwords.set(id, await accounts.addEntity(id));
  const lastLogin = new Map<EntityId, number>();
  await using away = new EntitySessions({
    server: { ...ejabberd.remote, port: proxy.port },
    domain: DOMAIN,
    hypervisor: 'hv-away',
    // It is asked for at each login.
    async password(entity) {
      lastLogin.set(entity, Date.now());
      return passwords.get(entity) ?? '';
    },
    answers: { chat: async () => '', act: async () => ({ ok: true, result: {} }) },
  });
  for (const id of ids) away.set(id, { show: '', status: 'Running', name: id });
  await until('all have come', () => lastLogin.size === ids.length);
  await sleep(1000);
  proxy.set('refuse');
  proxy.cut();
  await sleep(25_000);
  proxy.set('up');
  const upAt = Date.now();
  await poll(() => ids.every((id) => (lastLogin.get(id) ?? 0) >= upAt) || undefined, {
    // The hypervisor looks every 3 s, and its machines come within 1.5 s; alone they would need up to half a minute.
    timeoutMs: 8000,
    intervalMs: 50,
    onTimeout: () => new Error('some still wait'),
  });
}, 90_000);
