import { expect, test } from 'vitest';
import { parseUri } from './uri.ts';

const root = { uid: 0, env: {} };
const user = { uid: 1000, env: { XDG_RUNTIME_DIR: '/run/user/1000' } };

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
  ['qemu:///system?socket=/tmp/a/libvirt-sock', user, 'qemu:///system', ['/tmp/a/libvirt-sock']],
  ['qemu:///system?socket=%2Ftmp%2Fa%20b', user, 'qemu:///system', ['/tmp/a b']],
  ['test:///default?mode=legacy', root, 'test:///default', ['/run/libvirt/libvirt-sock']],
  ['test:///etc/my.xml?socket=/s', root, 'test:///etc/my.xml', ['/s']],
])('%s', (uri, context, name, sockets) => {
  expect(parseUri(uri, context)).toEqual({ name, sockets });
});

test.each([
  ['', /must look like/],
  ['system', /must look like/],
  ['qemu+ssh://host/system', /transport "ssh"/],
  ['qemu+tls:///system', /transport "tls"/],
  ['qemu://host/system', /remote hosts/],
  ['esx:///', /driver "esx"/],
  ['qemu:///system?sockets=/a', /unknown parameter "sockets"/],
  ['qemu:///system?socket=a', /absolute/],
  ['qemu:///system?mode=fast', /mode is "fast"/],
])('refuses "%s"', (uri, message) => {
  expect(() => parseUri(uri, root)).toThrow(message);
});
