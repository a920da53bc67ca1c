import { expect, test } from 'vitest';
import { eventKinds } from './event-decoders.ts';
import type { EventType } from './event-types.ts';
import { writeFields } from './schema.ts';
import { XdrWriter } from './xdr.ts';

const uuid = 'c7a5fdbd-edaf-9455-926a-d65c16db1809';
const domain = { name: 'a', uuid, id: 1 };
const subject = { name: 'a', uuid };

// The second column is the layout of the message in libvirt's protocol, after the callback's id.
test.each<[EventType, string, object, object]>([
  [
    'lifecycle',
    'domain:domain event:int detail:int',
    { domain, event: 3, detail: 2 },
    { domain: subject, event: 'suspended', detail: 'ioerror' },
  ],
  [
    'lifecycle',
    'domain:domain event:int detail:int',
    { domain, event: 99, detail: 2 },
    { domain: subject, event: 'unknown', detail: 'unknown' },
  ],
  [
    'rtc-change',
    'domain:domain offset:hyper',
    { domain, offset: -3600n },
    { domain: subject, offsetSec: -3600n },
  ],
  [
    'graphics',
    'domain:domain phase:int f1:int n1:string s1:string f2:int n2:string s2:string auth:string ids:graphicsIdentity[]',
    {
      ...{ domain, phase: 1, f1: 0, n1: '127.0.0.1', s1: '5900', f2: 2, n2: '/s', s2: '' },
      ...{ auth: 'vnc', ids: [{ type: 'x509dname', name: 'CN=me' }] },
    },
    {
      domain: subject,
      phase: 'initialize',
      local: { family: 'ipv4', node: '127.0.0.1', service: '5900' },
      remote: { family: 'unix', node: '/s', service: '' },
      authScheme: 'vnc',
      identities: [{ type: 'x509dname', name: 'CN=me' }],
    },
  ],
  ['pm-suspend', 'reason:int domain:domain', { reason: 0, domain }, { domain: subject }],
  ['pm-suspend-disk', 'reason:int domain:domain', { reason: 0, domain }, { domain: subject }],
  [
    'disk-change',
    'domain:domain old:string? new:string? alias:string reason:int',
    { domain, old: '/a', new: null, alias: 'ide0', reason: 1 },
    { domain: subject, oldPath: '/a', newPath: null, alias: 'ide0', reason: 'dropped-on-start' },
  ],
  [
    'tray-change',
    'domain:domain alias:string reason:int',
    { domain, alias: 'ide0', reason: 0 },
    { domain: subject, alias: 'ide0', change: 'open' },
  ],
  [
    'io-error',
    'domain:domain path:string alias:string action:int reason:string',
    { domain, path: '/a', alias: 'vda', action: 1, reason: 'enospc' },
    { domain: subject, path: '/a', alias: 'vda', action: 'pause', reason: 'enospc' },
  ],
  [
    'memory-failure',
    'domain:domain recipient:int action:int flags:uint',
    { domain, recipient: 1, action: 2, flags: 2 },
    {
      domain: subject,
      recipient: 'guest',
      action: 'fatal',
      isActionRequired: false,
      isRecursive: true,
    },
  ],
  [
    'nic-mac-change',
    'domain:domain alias:string old:string new:string',
    { domain, alias: 'net0', old: 'a', new: 'b' },
    { domain: subject, alias: 'net0', oldMac: 'a', newMac: 'b' },
  ],
  ['vcpu-removed', 'domain:domain vcpu:uint', { domain, vcpu: 3 }, { domain: subject, vcpu: 3 }],
  [
    'channel-lifecycle',
    'domain:domain channel:string state:int reason:int',
    { domain, channel: 'org.example.0', state: 2, reason: 2 },
    { domain: subject, channel: 'org.example.0', state: 'disconnected', reason: 'channel' },
  ],
  [
    'qemu-monitor',
    'domain:domain event:string seconds:hyper micros:uint details:string?',
    { domain, event: 'RESUME', seconds: 10n, micros: 5000, details: null },
    { domain: subject, event: 'RESUME', at: new Date(10_005), details: null },
  ],
  [
    'secret-lifecycle',
    'uuid:uuid usageType:int usageId:string event:int detail:int',
    { uuid, usageType: 1, usageId: '/v', event: 1, detail: 0 },
    { secret: { uuid }, event: 'undefined' },
  ],
])('%s is read', (type, layout, fields, expected) => {
  const writer = new XdrWriter();
  writeFields(writer, `callbackId:int ${layout}`, { callbackId: 7, ...fields });
  const kind = eventKinds.find((k) => k.type === type);
  expect(kind?.decode(Buffer.from(writer.bytes))).toEqual({
    callbackId: 7,
    event: { type, ...expected },
  });
});

test('each kind has a message of its own, and an id of its own in its family', () => {
  const messages = eventKinds.map(({ program, message }) => `${program}/${message}`);
  expect(new Set(messages).size).toBe(eventKinds.length);
  const ids = eventKinds.map(({ family, id }) => `${family}/${id}`);
  expect(new Set(ids).size).toBe(eventKinds.length);
});
