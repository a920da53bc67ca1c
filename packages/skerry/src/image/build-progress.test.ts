import { expect, test } from 'vitest';

import { BuildProgressReader } from './build-progress.ts';

const OUTPUT = [
  "I: chroot architecture amd64 is equal to the host's architecture",
  'I: running apt-get update...',
  'Get:4 mirror bookworm/main amd64 Packages [8790 kB]',
  'I: downloading packages with apt...',
  'Need to get 29.5 MB of archives.',
  'Get:1 mirror bookworm/main amd64 gcc-12-base amd64 12.2.0-14+deb12u1 [37.6 kB]',
  'Get:3 mirror bookworm/main amd64 libc6 amd64 2.36-9+deb12u14 [2,759 kB]',
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
    'packages: fetching gcc-12-base, 0 of 30 MB',
    'packages: fetching libc6, 3 of 30 MB',
    'install: unpacking libc6',
    'install: setting up libc6',
    'install: unpacking less',
    'kernel: fetching the kernel',
    'disk: making the disk',
    'store: storing the image',
  ]);
});

test('what is fetched counts up to what the step is of the whole', () => {
  const reader = new BuildProgressReader(2);
  const fractions = [
    'Need to get 4,000 kB/29.7 MB of archives.',
    'Get:1 mirror bookworm/main amd64 a amd64 1 [1 MB]',
    'Get:2 mirror bookworm/main amd64 b amd64 1 [3000 kB]',
  ].map((line) => reader.read(line)?.fraction);
  expect(fractions).toEqual([undefined, 0.1, 0.4]);
});

test('the fraction never falls and stays below 1, however many packages there are', () => {
  const reader = new BuildProgressReader(1);
  const fractions = [...OUTPUT, ...OUTPUT]
    .map((line) => reader.read(line)?.fraction ?? 0)
    .filter(Boolean);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(Math.max(...fractions)).toBeLessThan(1);
});
