import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UriError } from './errors.ts';
import { sshArguments } from './dial-ssh.ts';
import { parseUri } from './uri.ts';

const root = { uid: 0, env: {} };
const user = { uid: 1000, env: { XDG_RUNTIME_DIR: '/run/user/1000' } };

describe('a local URI (rule 12)', () => {
  test.each([
    [
      'qemu:///system',
      root,
      'qemu:///system',
      ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock'],
    ],
    [
      'qemu+unix:///system',
      user,
      'qemu:///system',
      ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock'],
    ],
    [
      'qemu:///session',
      user,
      'qemu:///session',
      ['/run/user/1000/libvirt/virtqemud-sock', '/run/user/1000/libvirt/libvirt-sock'],
    ],
    ['qemu:///system?mode=legacy', user, 'qemu:///system', ['/run/libvirt/libvirt-sock']],
    ['qemu:///system?mode=direct', user, 'qemu:///system', ['/run/libvirt/virtqemud-sock']],
    [
      'network:///system?mode=direct',
      user,
      'network:///system',
      ['/run/libvirt/virtnetworkd-sock'],
    ],
    [
      'nodedev:///system?mode=direct',
      user,
      'nodedev:///system',
      ['/run/libvirt/virtnodedevd-sock'],
    ],
    ['qemu:///system?socket=/tmp/a/libvirt-sock', user, 'qemu:///system', ['/tmp/a/libvirt-sock']],
    ['qemu:///system?socket=%2Ftmp%2Fa%20b', user, 'qemu:///system', ['/tmp/a b']],
    ['test:///default?mode=legacy', root, 'test:///default', ['/run/libvirt/libvirt-sock']],
    ['test:///etc/my.xml?socket=/s', root, 'test:///etc/my.xml', ['/s']],
    ['qemu:///system?name=qemu:///embed&socket=/s', root, 'qemu:///embed', ['/s']],
  ])('%s', (uri, context, name, sockets) => {
    const target = parseUri(uri, context);
    expect(target).toMatchObject({ name, transport: { kind: 'unix', sockets } });
    expect(target.address).toBe(sockets.join(' or '));
  });

  test('has a socket of its own for readers, but only of a system daemon (rule 14)', () => {
    const reader = { ...user, isReadOnly: true };
    const sockets = (uri: string): unknown => parseUri(uri, reader).transport;
    expect(sockets('qemu:///system?mode=legacy')).toMatchObject({
      sockets: ['/run/libvirt/libvirt-sock-ro'],
    });
    expect(sockets('qemu:///session?mode=legacy')).toMatchObject({
      sockets: ['/run/user/1000/libvirt/libvirt-sock'],
    });
  });
});

test.each([
  ['qemu://host/system', 'tls://host:16514', {}],
  ['qemu+tls://host:1/system?no_verify=1', 'tls://host:1', { isVerified: false }],
  ['qemu+tls://[::1]/system?pkipath=/pki', 'tls://[::1]:16514', { host: '::1', pkiPath: '/pki' }],
  ['qemu+tcp://10.0.0.1/system', 'tcp://10.0.0.1:16509', { kind: 'tcp' }],
])('%s', (uri, address, transport) => {
  expect(parseUri(uri, user)).toMatchObject({ name: 'qemu:///system', address, transport });
});

test('an ssh URI has what ssh and the other side need', () => {
  const uri =
    'qemu+ssh://me@host:22/system?keyfile=/k&command=/opt/ssh&no_verify=1&no_tty=1&proxy=netcat';
  expect(parseUri(uri, user)).toMatchObject({
    name: 'qemu:///system',
    address: 'ssh://host:22',
    transport: {
      kind: 'ssh',
      host: 'host',
      port: 22,
      user: 'me',
      keyFile: '/k',
      program: '/opt/ssh',
      isVerified: false,
      mayAsk: false,
      proxy: 'netcat',
      netcat: 'nc',
      sockets: ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock'],
    },
  });
});

test.each([
  ['qemu+ssh://h/system', 'auto', 'qemu:///system'],
  ['qemu+ssh://h/system?mode=legacy', 'auto', 'qemu:///system?mode=legacy'],
  ['qemu+ssh://h/session', 'native', 'qemu:///session'],
  ['qemu+ssh://h/system?socket=/a/b', 'netcat', undefined],
  ['qemu+ssh://h/system?netcat=ncat', 'netcat', undefined],
])('%s goes by %s', (uri, proxy, helperUri) => {
  const { transport } = parseUri(uri, user);
  expect(transport).toMatchObject({ proxy, helperUri });
});

test.each([
  ['', /must look like/],
  ['system', /must look like/],
  ['qemu+libssh2://host/system', /transport "libssh2" is not supported, only unix, tls, tcp, ssh/],
  ['qemu+ext:///system', /transport "ext"/],
  ['qemu+toString://host/system', /must look like/],
  ['constructor:///system', /driver "constructor"/],
  ['qemu+tls:///system', /needs the name or the address of a host/],
  ['qemu+unix://host/system', /reaches no other host/],
  ['qemu+tls://host:99999/system', /cannot be read/],
  [
    'qemu+tls://host/system?tls_priority=NONE',
    /unknown parameter "tls_priority"; transport tls has/,
  ],
  ['qemu+tls://host/system?no_verify=yes', /no_verify is "yes"/],
  ['qemu+tls://host/system?pkipath=pki', /pkipath must be an absolute/],
  ['qemu+tls://me@host/system', /takes no user/],
  ['qemu+ssh://me:secret@host/system', /password/],
  ['qemu+ssh://%zz@host/system', /cannot be a user/],
  ['esx:///', /driver "esx"/],
  ['qemu:///system?sockets=/a', /unknown parameter "sockets"/],
  ['qemu:///system?socket=a', /absolute/],
  ['qemu:///system?mode=fast', /mode is "fast"/],
  ['qemu+ssh://host/session?proxy=netcat', /needs \?socket=/],
  ['qemu+ssh://host/system?proxy=native&socket=/a', /finds the socket itself/],
])('refuses "%s"', (uri, message) => {
  expect(() => parseUri(uri, root)).toThrow(message);
});

test.each([
  'qemu+ssh://-oProxyCommand=touch%20x/system',
  'qemu+ssh://-oProxyCommand=x@host/system',
  'qemu+ssh://host%20-o/system',
  'qemu+ssh://a;b@host/system',
  "qemu+ssh://host/system?socket=/a';touch%20x;'",
  'qemu+ssh://host/system?socket=/a$(x)',
  'qemu+ssh://host/system?socket=/a%0Ab',
  'qemu+ssh://host/system?netcat=nc;x',
  'qemu+ssh://host/system?netcat=nc%20-e%20sh',
  'qemu+ssh://host/system?name=qemu:///system;x',
  'qemu+ssh://host/sys`x`tem',
])('lets no word reach ssh or its shells that they could take for more (rule 16): %s', (uri) => {
  expect(() => parseUri(uri, root)).toThrow(/unfit|cannot be a user|needs the name|cannot be read/);
});

test('any text is a target or a UriError, and what reaches ssh is plain (rule 16)', () => {
  const piece = fc.oneof(
    fc.constantFrom('qemu', '+ssh', '+tls', '+tcp', '+unix', '://', 'h', '@', ':', '/', '[::1]'),
    fc.constantFrom('/system', '/session', '?socket=/a', '?netcat=', '&no_verify=1', '%zz', '%0a'),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      try {
        const { transport } = parseUri(pieces.join(''), user);
        if (transport.kind !== 'ssh') return;
        expect(transport.host).toMatch(/^[a-z0-9:][a-z0-9._:-]*$/i);
        expect(transport.user ?? 'a').toMatch(/^\w[\w.-]*$/);
        expect(sshArguments(transport, false).at(-1)).toMatch(/^sh -c '[^'"\\`\n]*'$/);
      } catch (error) {
        expect(error).toBeInstanceOf(UriError);
      }
    }),
  );
});
