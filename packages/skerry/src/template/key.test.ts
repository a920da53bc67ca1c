import { expect, test } from 'vitest';
import { hostChanges, hostInputs, kindOf, type TemplateInputs, templateKey } from './key.ts';

const INPUTS: TemplateInputs = {
  xml: '<domain/>',
  diskBytes: [1024],
  script: 'sync',
  libvirt: '9.0.0',
  qemu: '16 1700000000000',
  kernel: '6.1.0-44-amd64',
  cpu: 'f00d',
};
const ofMachine: Partial<TemplateInputs>[] = [
  { xml: '<domain><memory/></domain>' },
  { diskBytes: [] },
  { diskBytes: [1024, 1024] },
  { diskBytes: [2048] },
  { script: 'sync; sync' },
];
const ofHost: Partial<TemplateInputs>[] = [
  { libvirt: '9.1.0' },
  { qemu: '16 1700000000001' },
  { kernel: '6.1.0-45-amd64' },
  { cpu: 'beef' },
];

test('a key is the same for the same inputs, and fit for a file name', () => {
  expect(templateKey(INPUTS)).toBe(templateKey({ ...INPUTS }));
  expect(templateKey(INPUTS)).toMatch(/^[0-9a-f]{16}$/);
});

test('every input changes the key', () => {
  const all = [{}, ...ofMachine, ...ofHost].map((change) => templateKey({ ...INPUTS, ...change }));
  expect(new Set(all).size).toBe(1 + ofMachine.length + ofHost.length);
});

test('inputs that run together are told apart', () => {
  const one = templateKey({ ...INPUTS, libvirt: '9', qemu: '.0' });
  expect(templateKey({ ...INPUTS, libvirt: '9.', qemu: '0' })).not.toBe(one);
});

test('the kind depends on the machine, and not on the host', () => {
  for (const change of ofMachine) expect(kindOf({ ...INPUTS, ...change })).not.toBe(kindOf(INPUTS));
  for (const change of ofHost) expect(kindOf({ ...INPUTS, ...change })).toBe(kindOf(INPUTS));
});

test('this host is the same when it is asked again', () => {
  expect(hostInputs('9.0.0')).toEqual(hostInputs('9.0.0'));
  expect(hostChanges(hostInputs('9.0.0'), hostInputs('9.0.0'))).toBe('');
});

test('what has changed on the host is named', () => {
  expect(hostChanges(INPUTS, { ...INPUTS, qemu: '17 0' })).toBe('QEMU');
  const all = { libvirt: '10', qemu: '', kernel: '', cpu: '' };
  expect(hostChanges(INPUTS, all)).toBe('libvirt, QEMU, kernel, CPU');
});
