import { expect, test } from 'vitest';
import { all, contentOf, formatXml, parseXml } from '../xml/element.ts';
import { changeIdentity, hostNameOf, identityXml } from './guest-identity.ts';

const UUID = '5cd3e5f8-9f40-4f0a-a6f3-1f4f3d7a1c11';
const OTHER = '0f1e2d3c-4b5a-4968-8776-655443322110';
const KEYS = `io.systemd.credential.binary:ssh.authorized_keys.root=${btoa('ssh-ed25519 AAAA\n')}`;

function entriesOf(sysinfo: string): string[] {
  const domain = parseXml(`<domain>${sysinfo}</domain>`);
  return ['system', 'oemStrings'].flatMap((part) =>
    all(domain, `sysinfo/${part}/entry`).map(contentOf),
  );
}

test('a machine is told which one it is, its name, and who may log in', () => {
  expect(
    entriesOf(identityXml({ name: 'web', uuid: UUID, sshKeys: 'ssh-ed25519 AAAA\n' })),
  ).toEqual([
    `ds=nocloud;i=${UUID};h=web`,
    `io.systemd.credential:skerry.machine=${UUID}`,
    'io.systemd.credential:system.hostname=web',
    KEYS,
  ]);
});

test('a name that no host can have is not told', () => {
  expect(entriesOf(identityXml({ name: 'größer;h=x', uuid: UUID, sshKeys: '' }))).toEqual([
    `ds=nocloud;i=${UUID}`,
    `io.systemd.credential:skerry.machine=${UUID}`,
  ]);
});

test.each([
  ['web', 'web'],
  ['web_1', 'web-1'],
  ['Web.example.org', 'Web.example.org'],
  ['web-', undefined],
  ['a..b', undefined],
  ['a b', undefined],
  ['x'.repeat(65), undefined],
])('the host of %s is %s', (name, host) => {
  expect(hostNameOf(name)).toBe(host);
});

test.each([
  ['web-2', ';h=web-2', ['io.systemd.credential:system.hostname=web-2']],
  ['größer', '', []],
])('a copy that is called %s is told that, and keeps its keys', (name, host, told) => {
  const sshKeys = 'ssh-ed25519 AAAA\n';
  const domain = parseXml(`<domain>${identityXml({ name: 'web', uuid: UUID, sshKeys })}</domain>`);
  changeIdentity(domain, { name, uuid: OTHER });
  expect(entriesOf(formatXml(domain).slice('<domain>'.length, -'</domain>'.length))).toEqual([
    `ds=nocloud;i=${OTHER}${host}`,
    `io.systemd.credential:skerry.machine=${OTHER}`,
    ...told,
    KEYS,
  ]);
});

test('what somebody else has said there stays', () => {
  const xml = `<domain><sysinfo type="smbios"><system><entry name="serial">A-1</entry></system><oemStrings><entry>mine</entry></oemStrings></sysinfo></domain>`;
  const domain = parseXml(xml);
  changeIdentity(domain, { name: 'web-2', uuid: OTHER });
  expect(formatXml(domain)).toBe(xml);
});
