import { describe, expect, test } from 'vitest';
import { parseHostPackages } from '../sandbox/host-packages.ts';
import type { Finding } from './check.ts';
import { diskFinding } from './disk-space.ts';
import { imagesFinding } from './images.ts';
import { cpuVendor, kvmFinding } from './kvm.ts';
import { checkLabFile } from './lab-file.ts';
import { memoryFinding, wantedBy } from './memory.ts';
import { nestedFinding } from './nested.ts';
import { nodeFinding } from './node-version.ts';
import { distributionOf, installLines } from './programs.ts';
import { sandboxesFinding } from './sandboxes.ts';
import { foldersFinding, statePathFinding } from './state-folder.ts';
import { versionsFinding } from './versions.ts';

const GIB = 2 ** 30;
const ada = { uid: 1000, gid: 1000, name: 'ada', isRoot: false };
const root = { uid: 0, gid: 0, name: 'root', isRoot: true };

/** Level and finding; a finding that is not ok must say what to do. */
function said(finding: Finding): string {
  if (finding.level !== 'ok') expect(finding.remedy?.length).toBeGreaterThan(0);
  return `${finding.level}: ${finding.finding}`;
}

test.each([
  ['22.18.0', 'ok'],
  ['24.0.1', 'ok'],
  ['22.17.9', 'error'],
  ['20.20.2', 'error'],
])('Node.js %s is %s', (version, level) => expect(nodeFinding(version).level).toBe(level));

test('versions: old ones are named, absent ones are not', () => {
  const libvirt = '/usr/sbin/libvirtd (libvirt) 9.0.0';
  const qemu = 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)';
  expect(said(versionsFinding([libvirt, qemu, 'unshare from util-linux 2.38.1']))).toBe(
    'ok: libvirt 9.0.0, QEMU 7.2.22, unshare 2.38.1',
  );
  expect(said(versionsFinding(['libvirtd (libvirt) 8.10.0', qemu, '']))).toBe(
    'warning: libvirt 8.10.0, QEMU 7.2.22, unshare not found; tried from libvirt 9.0 on',
  );
});

describe('programs', () => {
  const missing = parseHostPackages(
    'ip run iproute2 iproute the network\nssh run openssh-client openssh-clients ssh\nnet run split|whole split networks\n',
  );

  test.each([
    ['ID=debian\n', 'debian'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
    ['NAME=x\nID="rocky"\nID_LIKE="rhel centos fedora"\n', 'fedora'],
    ['ID=arch\n', 'other'],
    ['', 'other'],
  ])('%j is of the family %s', (osRelease, family) =>
    expect(distributionOf(osRelease)).toBe(family),
  );

  test('are installed by one line, under the names this release has', () => {
    expect(installLines(missing, 'debian', () => false)).toEqual([
      'sudo apt-get install --no-install-recommends iproute2 openssh-client whole',
    ]);
    expect(installLines(missing, 'debian', (name) => name === 'split')[0]).toMatch(/ split$/);
    expect(installLines(missing, 'fedora', () => false)).toEqual([
      'sudo dnf install iproute openssh-clients split',
    ]);
    expect(installLines(missing, 'other', () => false)[0]).toMatch(/^# .*iproute2/);
  });
});

describe('kvm', () => {
  const facts = { state: 'opens', vendor: 'amd', accel: 'kvm', user: 'ada' } as const;

  test.each([
    ['flags\t\t: fpu vmx sse', 'intel'],
    ['flags\t\t: fpu svm', 'amd'],
    ['flags\t\t: fpu xsvm', undefined],
    ['', undefined],
  ])('%j is of %s', (cpuinfo, vendor) => expect(cpuVendor(cpuinfo)).toBe(vendor));

  test('is fine when a guest ran, or nobody tried yet', () => {
    expect(kvmFinding({ ...facts, reason: 'a probe guest ran under KVM' }).level).toBe('ok');
    expect(kvmFinding({ ...facts, accel: 'tcg', reason: 'not probed yet: x' }).level).toBe('ok');
  });

  test('is never more than a warning', () => {
    const reason = '/dev/kvm opens but a probe guest did not run';
    expect(said(kvmFinding({ ...facts, accel: 'tcg', reason }))).toMatch(/^warning: .*did not run/);
    for (const state of ['missing', 'denied', 'group-only'] as const)
      expect(said(kvmFinding({ ...facts, state, reason: '' }))).toMatch(/^warning: /);
  });

  test('a missing device is mended by its module, or in the firmware', () => {
    const missing = { ...facts, state: 'missing', reason: '' } as const;
    expect(kvmFinding(missing).remedy).toEqual(['sudo modprobe kvm_amd']);
    expect(kvmFinding({ ...missing, vendor: undefined }).remedy?.join()).toMatch(/firmware/);
  });
});

test('nested: emulation always nests, KVM by its switch', () => {
  expect(said(nestedFinding('tcg', undefined, true))).toMatch(/^ok: .*SVM/);
  expect(nestedFinding('kvm', { vendor: 'intel', value: 'Y' }, true).level).toBe('ok');
  expect(nestedFinding('kvm', { vendor: 'amd', value: '1' }, true).level).toBe('ok');
  expect(said(nestedFinding('kvm', { vendor: 'intel', value: 'N' }, true))).toBe(
    'warning: kvm_intel does not nest, and this lab has machines with nested: true',
  );
});

test.each([
  [76, 'ok'],
  [4.9, 'warning'],
  [1.9, 'error'],
])('%d GiB of disk space is %s', (gib, level) => {
  const spaces = [
    { what: 'labs', dir: '/a', freeBytes: 90 * GIB },
    { what: 'images', dir: '/b', freeBytes: gib * GIB },
  ];
  expect(said(diskFinding(spaces))).toMatch(new RegExp(`^${level}: 90 GiB for labs \\(/a\\), `));
});

test.each([
  [undefined, 8000, 'ok'],
  [undefined, 900, 'warning'],
  [3000, 8000, 'ok'],
  [3000, 2000, 'warning'],
  [20_000, 8000, 'error'],
])('wanting %s MiB of %d available is %s', (wantedMiB, availableMiB, level) => {
  expect(said(memoryFinding({ availableMiB, totalMiB: 16_000, wantedMiB }))).toMatch(`${level}: `);
});

test('only machines that start by themselves want memory', () => {
  const machine = { autostart: true, memoryMiB: 512 };
  const machines = [machine, { ...machine, autostart: false }, machine];
  expect(wantedBy({ machines } as unknown as Parameters<typeof wantedBy>[0])).toBe(1024);
});

test('folders: a foreign one, one that cannot be written', () => {
  const own = { path: '/s', owner: 1000, writable: true };
  expect(said(foldersFinding([own, { ...own, owner: undefined }], ada))).toBe('ok: /s, /s');
  const foreign = { ...own, owner: 0, writable: false };
  expect(said(foldersFinding([foreign], ada))).toBe('error: another user (0) owns /s');
  expect(foldersFinding([foreign], ada).remedy).toEqual(['sudo chown -R 1000:1000 /s']);
  expect(foldersFinding([own], root).remedy?.join()).not.toMatch(/chown/);
  expect(said(foldersFinding([{ ...own, owner: undefined, writable: false }], ada))).toBe(
    'error: cannot write to /s',
  );
});

test.each([
  [107, true, 'ok: 107 of 107 bytes'],
  [108, true, 'error: 108 bytes, and the kernel takes 107'],
  [70, false, 'ok: short enough for lab names of 37 letters'],
  [100, false, 'warning: long: lab names may have 7 letters at most'],
  [107, false, 'error: long: lab names may have 0 letters at most'],
])('a socket path of %d bytes', (length, isOfLab, finding) =>
  expect(said(statePathFinding(length, isOfLab))).toBe(finding),
);

describe('sandboxes', () => {
  const folder = { id: 'a-1', path: '/s/a-1', state: 'off', isFileGone: false } as const;

  test('are counted', () => {
    const folders = [folder, { ...folder, state: 'running' }, folder] as const;
    expect(said(sandboxesFinding(folders, ada))).toBe('ok: 1 running, 2 off');
  });

  test('stop this lab when its own is silent or broken, and only warn of others', () => {
    const silent = [{ ...folder, state: 'silent' }] as const;
    expect(said(sandboxesFinding(silent, ada, 'a-1'))).toMatch(/^error: .*supervisor is silent/);
    expect(sandboxesFinding(silent, ada, 'a-1').remedy).toEqual(['skerry halt --force']);
    expect(sandboxesFinding(silent, ada).remedy).toEqual(['skerry destroy --yes --id a-1']);
    expect(said(sandboxesFinding([{ ...folder, state: 'broken' }], ada, 'b-2'))).toMatch(
      /^warning/,
    );
  });

  test('leave rests, which root and others remove each in their way', () => {
    const rests = [
      { ...folder, state: 'leftover' },
      { ...folder, state: 'unknown' },
    ] as const;
    expect(said(sandboxesFinding(rests, ada))).toMatch(/interrupted destroy; .* no lab\.json/);
    expect(sandboxesFinding(rests, root).remedy?.[0]).toBe("rm -rf -- '/s/a-1'");
    expect(sandboxesFinding(rests, ada).remedy?.[0]).toMatch(/^unshare --user .* rm -rf/);
  });

  test('may have lost their lab file', () => {
    const finding = sandboxesFinding([{ ...folder, isFileGone: true }], ada);
    expect(said(finding)).toBe('warning: the lab file of a-1 is gone');
    expect(finding.remedy).toEqual(['skerry destroy --yes --id a-1']);
  });
});

test('images: absent before stale', () => {
  const images = [{ name: 'debian-12', stale: true }];
  const base = ['debian-12', 'debian-12'] as const;
  const absent = ['debian-12-with-0123abcd', 'debian-12 --with etcd-server'] as const;
  expect(said(imagesFinding(images, new Map()))).toBe('ok: debian-12');
  expect(said(imagesFinding([], new Map()))).toBe('ok: none yet');
  expect(said(imagesFinding(images, new Map([base])))).toMatch(/^warning: made by another version/);
  const finding = imagesFinding(images, new Map([base, absent]));
  expect(said(finding)).toMatch(/^warning: not built yet: debian-12-with-0123abcd /);
  expect(finding.remedy).toEqual(['skerry image build debian-12 --with etcd-server']);
});

test('a lab file with faults is an error', async () => {
  const signal = AbortSignal.timeout(1000);
  const patient = { user: ada, lab: undefined, labError: undefined, signal };
  expect(said(await checkLabFile(patient))).toMatch(/^ok: none here/);
  expect(said(await checkLabFile({ ...patient, labError: new Error('a\nb') }))).toBe('error: a; b');
});
