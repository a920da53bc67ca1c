import { expect, test } from 'vitest';
import { isLibvirtdNoise, isQemuNoise } from './system-noise.ts';

test.each([
  '2026-11-28 11:58:35.760+0000: 84: info : libvirt version: 9.0.0, package: 9.0.0-4+deb12u2 (Debian)',
  '2026-11-28 11:58:35.955+0000: 84: error : virHostCPUGetCPUID:1422 : Unable to open /dev/kvm: No such file or directory',
  "2026-11-28 11:58:38.348+0000: 67: warning : qemuDomainObjTaintMsg:6603 : Domain id=2 name='mid' is tainted: custom-argv",
])('what every libvirtd says is noise: %s', (line) => expect(isLibvirtdNoise(line)).toBe(true));

test.each([
  "2026-11-28 11:58:38.597+0000: 67: error : qemuMonitorIO:549 : internal error: End of file from qemu monitor (vm='one')",
  '2026-11-28 11:58:38.579+0000: 66: error : virFileReadAll:1523 : Failed to open file /run/skerry/x',
])('what is wrong in this lab is not: %s', (line) => expect(isLibvirtdNoise(line)).toBe(false));

test.each([
  '2026-11-28 11:58:38.492+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.22',
  'LC_ALL=C \\',
  'PATH=/usr/bin:/bin \\',
  '/usr/bin/qemu-system-x86_64 \\',
  '-name guest=one,debug-threads=on \\',
  '-msg timestamp=on',
  'char device redirected to /dev/pts/2 (label charserial0)',
])('the command line of QEMU is noise: %s', (line) => expect(isQemuNoise(line)).toBe(true));

test.each([
  '2026-11-28T11:58:38.492Z qemu-system-x86_64: terminating on signal 15 from pid 84',
  '2026-11-28 11:59:38.492+0000: shutting down, reason=crashed',
  'qemu-system-x86_64: warning: host does not support requested feature',
])('what QEMU says is not: %s', (line) => expect(isQemuNoise(line)).toBe(false));
