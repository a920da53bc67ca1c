import { expect, test } from 'vitest';

import { BuildProgressReader } from './build-progress.ts';

const OUTPUT = [
  "I: chroot architecture amd64 is equal to the host's architecture",
  'I: running apt-get update...',
  'I: downloading packages with apt...',
  'Unpacking libc6:amd64 (2.36-9+deb12u14) ...',
  'Setting up libc6:amd64 (2.36-9+deb12u14) ...',
  'Processing triggers for libc-bin (2.36-9+deb12u14) ...',
  'Unpacking less (590-2) ...',
  'skerry: kernel',
  'skerry: disk',
  'skerry: store',
];

test('a build reads as coarse steps', () => {
  const reader = new BuildProgressReader(2);
  const seen = OUTPUT.map((line) => reader.read(line)).filter((progress) => progress !== undefined);
  expect(seen.map(({ step, message }) => `${step}: ${message}`)).toEqual([
    'packages: reading the package lists',
    'packages: fetching packages',
    'install: unpacking libc6',
    'install: setting up libc6',
    'install: unpacking less',
    'kernel: fetching the kernel',
    'disk: making the disk',
    'store: storing the image',
  ]);
});

test('the fraction never falls and stays below 1, however many packages there are', () => {
  const reader = new BuildProgressReader(1);
  const fractions = [...OUTPUT, ...OUTPUT]
    .map((line) => reader.read(line)?.fraction ?? 0)
    .filter(Boolean);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(Math.max(...fractions)).toBeLessThan(1);
});
