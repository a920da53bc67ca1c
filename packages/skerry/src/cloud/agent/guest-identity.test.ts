import { expect, test } from 'vitest';
import { all, contentOf, formatXml, parseXml } from '../xml/element.ts';
import { identityXml, renameInIdentity } from './guest-identity.ts';

const UUID = '5cd3e5f8-9f40-4f0a-a6f3-1f4f3d7a1c11';
const OTHER = '0f1e2d3c-4b5a-4968-8776-655443322110';

function entriesOf(xml: string): string[] {
  const domain = parseXml(`<domain>${xml}</domain>`);
  return ['system', 'oemStrings'].flatMap((part) =>
    all(domain, `sysinfo/${part}/entry`).map(contentOf),
  );
}

test('a machine is told its name and who may log in', () => {
  expect(
    entriesOf(identityXml({ name: 'web', uuid: UUID, sshKeys: 'ssh-ed25519 AAAA\n' })),
  ).toEqual([
    `ds=nocloud;i=${UUID};h=web`,
    'io.systemd.credential:system.hostname=web',
    `io.systemd.credential.binary:ssh.authorized_keys.root=${btoa('ssh-ed25519 AAAA\n')}`,
  ]);
});

test('a name that no host can have is told to nobody', () => {
  expect(entriesOf(identityXml({ name: 'größer;h=x', uuid: UUID, sshKeys: '' }))).toEqual([
    `ds=nocloud;i=${UUID}`,
  ]);
});

test.each([
  ['web-2', [`ds=nocloud;i=${OTHER};h=web-2`, 'io.systemd.credential:system.hostname=web-2']],
  ['no_host', [`ds=nocloud;i=${OTHER}`]],
])('a copy that is called %s is told that', (name, told) => {
  const domain = parseXml(`<domain>${identityXml({ name: 'web', uuid: UUID })}</domain>`);
  renameInIdentity(domain, { name, uuid: OTHER });
  expect(entriesOf(formatXml(domain).slice('<domain>'.length, -'</domain>'.length))).toEqual(told);
});

test('what somebody else has said there stays', () => {
  const xml = `<domain><sysinfo type="smbios"><system><entry name="serial">A-1</entry></system><oemStrings><entry>mine</entry></oemStrings></sysinfo></domain>`;
  const domain = parseXml(xml);
  renameInIdentity(domain, { name: 'web-2', uuid: OTHER });
  expect(formatXml(domain)).toBe(xml);
});
