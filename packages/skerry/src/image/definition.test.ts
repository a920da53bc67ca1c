import { expect, test } from 'vitest';

import { buildFailure } from './build.ts';
import {
  definitionHash,
  imageDefinition,
  KNOWN_IMAGES,
  requestedDefinition,
} from './definition.ts';
import { GUEST_FILES, GUEST_LINKS, GUEST_REMOVED } from './guest-files.ts';
import { isImageName } from './image-files.ts';

test('every known image has a name of its own that the store takes', () => {
  const names = KNOWN_IMAGES.map((image) => image.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.every(isImageName)).toBe(true);
});

test('a definition keeps its hash, and another package gives another one', () => {
  const definition = imageDefinition('debian-12');
  expect(definitionHash({ ...definition })).toBe(definitionHash(definition));
  const more = { ...definition, packages: [...definition.packages, 'curl'] };
  expect(definitionHash(more)).not.toBe(definitionHash(definition));
});

test('an unknown name is refused with the known ones', () => {
  expect(() => imageDefinition('ubuntu')).toThrow("there is no image 'ubuntu'");
});

test("the guest's paths are relative, and none is both a file and a link", () => {
  const files = GUEST_FILES.map((file) => file.path);
  const links = Object.keys(GUEST_LINKS);
  for (const path of [...files, ...links, ...GUEST_REMOVED]) expect(path).toMatch(/^[a-z][^\s]*$/);
  expect(files.filter((path) => links.includes(path))).toEqual([]);
});

test('a variant is its base with more packages, and cloud-init does not start by itself', () => {
  const base = imageDefinition('debian-12');
  const variant = requestedDefinition({
    name: 'v',
    base: 'debian-12',
    packages: ['etcd-server', 'rsync'],
  });
  expect(variant).toEqual({
    ...base,
    name: 'v',
    packages: [...base.packages, 'etcd-server'],
    links: {},
  });
  const { links } = requestedDefinition({ name: 'v', base: 'debian-12', packages: ['cloud-init'] });
  expect(Object.keys(links ?? {})).toEqual(['etc/systemd/system-generators/cloud-init-generator']);
});

test('packages on top of an image of somebody else are refused', () => {
  const request = { name: 'v', base: 'mine', packages: ['curl'] };
  expect(() => requestedDefinition(request)).toThrow("packages cannot be added to image 'mine'");
});

test.each([
  ['E: Unable to locate package frob', 'frob'],
  ["E: Package 'frob' has no installation candidate", 'frob'],
  ["E: Version '9' for 'frob' was not found", 'frob'],
])('apt’s %s names the package', (line, packages) => {
  const error = buildFailure({ name: 'x', suite: 'bookworm' }, [
    'I: installing',
    line,
    'E: apt-get failed',
  ]);
  expect(error).toMatchObject({
    code: 'IMAGE_PACKAGE_UNKNOWN',
    data: { packages, suite: 'bookworm' },
  });
});

test.each([
  [
    "E: Failed to fetch http://mirror.example/debian/dists/bookworm/InRelease  Temporary failure resolving 'mirror.example'",
    "Temporary failure resolving 'mirror.example'",
  ],
  [
    'E: Failed to fetch http://mirror.example/InRelease  Unable to connect to 127.0.0.1:9:',
    'Unable to connect to 127.0.0.1:9',
  ],
])('%s: there is no network', (line, reason) => {
  const error = buildFailure({ name: 'x', suite: 'bookworm' }, [line, 'E: apt-get update failed']);
  expect(error).toMatchObject({ code: 'IMAGE_OFFLINE', data: { host: 'mirror.example', reason } });
});

test('a mirror that answers otherwise is no lack of a network', () => {
  const line = 'E: Failed to fetch http://mirror.example/InRelease  404  Not Found';
  expect(buildFailure({ name: 'x', suite: 'bookworm' }, [line]).code).toBe('IMAGE_BUILD_FAILED');
});
