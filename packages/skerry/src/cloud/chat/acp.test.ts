import { expect, test } from 'vitest';
import { VERBS } from '../verbs/table.ts';
import { formatXml, parseXml } from '../xml/element.ts';
import { acpParams, acpReply, acpVerb, parseAcp } from './acp.ts';

const iq = (inner: string, type = 'set') =>
  parseXml(`<iq type="${type}" from="ada@cloud.test/desk" id="7">${inner}</iq>`);
const ask = (module: string, action: string) =>
  iq(`<query xmlns="archipel:${module}"><archipel action="${action}"/></query>`);

test('a request is its module, its action, and what it is given', () => {
  const stanza = iq(`<query xmlns="archipel:vm:definition"><archipel action="define" force="1">
    <domain><name>web</name></domain><note>a &lt; b</note></archipel></query>`);
  expect(parseAcp(stanza)).toEqual({
    module: 'archipel:vm:definition',
    action: 'define',
    params: { force: '1', xml: '<domain><name>web</name></domain>', note: 'a < b' },
  });
});

test.each([
  ['another module', iq('<query xmlns="jabber:iq:roster"><archipel action="info"/></query>')],
  ['no action', iq('<query xmlns="archipel:vm:control"/>')],
  ['an empty one', ask('vm:control', '')],
  [
    'an answer',
    iq('<query xmlns="archipel:vm:control"><archipel action="info"/></query>', 'result'),
  ],
])('%s is none', (_, stanza) => {
  expect(parseAcp(stanza)).toBeUndefined();
});

test.each([
  ['vm', 'vm:control', 'create', 'create'],
  ['vm', 'vm:control', 'setvcpus', 'setvcpus'],
  ['vm', 'vm:disk', 'convert', 'drives_convert'],
  ['vm', 'virtualmachine:snapshoting', 'take', 'snapshot_take'],
  ['vm', 'tags', 'settags', 'settags'],
  ['hypervisor', 'hypervisor:control', 'alloc', 'alloc'],
  ['hypervisor', 'hypervisor:network', 'destroy', 'network_destroy'],
  ['vm', 'vm:control', 'migrate', 'migrate'],
  ['vm', 'vm:vmparking', 'park', 'park'],
  ['vm', 'permissions', 'get', 'permission_get'],
  ['hypervisor', 'permissions', 'set', 'permission_set'],
  ['hypervisor', 'entity:scheduler', 'jobs', 'jobs'],
  ['vm', 'entity:scheduler', 'unschedule', 'unschedule'],
  ['vm', 'roster', 'getroster', 'getroster'],
  // Programs', unknown, another kind's, and one of another module.
  ['vm', 'vm:control', 'console', undefined],
  ['vm', 'vm:oom', 'getadjust', undefined],
  ['hypervisor', 'vm:control', 'create', undefined],
  ['vm', 'vm:disk', 'destroy', undefined],
] as const)('to a %s, %s %s is %s', (kind, module, action, verb) => {
  const request = { module: `archipel:${module}`, action, params: {} };
  expect(acpVerb(VERBS, kind, request)?.name).toBe(verb);
});

test('attributes are what the verb takes', () => {
  const params = (name: string, given: Record<string, string>) => {
    const verb = VERBS.get('vm', name);
    return verb && acpParams(verb, given);
  };
  expect(params('memory', { mebibytes: '512' })).toEqual({ mebibytes: 512 });
  expect(params('autostart', { on: '0' })).toEqual({ on: false });
  expect(params('settags', { tags: 'web;;prod' })).toEqual({ tags: ['web', 'prod'] });
  expect(params('migrate', { hypervisorjid: 'hv2@x.org/hv2' })).toEqual({ target: 'hv2' });
  expect(params('snapshot_take', { name: '12' })).toEqual({ name: '12' });
  expect(params('memory', { mebibytes: 'much', what: 'x' })).toEqual({
    mebibytes: 'much',
    what: 'x',
  });
});

test.each([
  [{ when: 'now' }, '<memory when="now"/>'],
  [{ xml: '<domain><name>a</name></domain>' }, '<domain><name>a</name></domain>'],
  [
    { drives: [{ target: 'vda', sizeBytes: 7, source: null }] },
    '<item target="vda" sizeBytes="7"/>',
  ],
  [
    { grants: [{ who: 'user:ben', permissions: ['info', 'create'] }] },
    '<item who="user:ben" permissions="info create"/>',
  ],
  [{ users: ['ann', 'ben'] }, '<item users="ann"/><item users="ben"/>'],
  [{}, ''],
])('the answer %j', (result, inner) => {
  const request = { module: 'archipel:vm:control', action: 'memory', params: {} };
  const reply = acpReply(ask('vm:control', 'memory'), request, { ok: true, result });
  const query = inner === '' ? '/>' : `>${inner}</query>`;
  expect(formatXml(reply)).toBe(
    `<iq type="result" to="ada@cloud.test/desk" id="7"><query xmlns="archipel:vm:control"${query}</iq>`,
  );
});

test.each([
  ['denied', undefined, 'forbidden', 'archipel:error:permission', '-1'],
  ['conflict', undefined, 'conflict', 'archipel:error:generic', '-1'],
  ['libvirt', 55, 'internal-server-error', 'libvirt:error:generic', '55'],
] as const)('what is %s', (code, libvirt, condition, namespace, number) => {
  const request = { module: 'archipel:vm:control', action: 'create', params: {} };
  const error = { code, message: 'no', ...(libvirt && { libvirt }) };
  const reply = formatXml(acpReply(ask('vm:control', 'create'), request, { ok: false, error }));
  expect(reply).toContain(`<error type="cancel" code="${number}"><${condition} `);
  expect(reply).toContain(`<error xmlns="${namespace}"/>`);
});
