import { expect, test } from 'vitest';

import { definitionHash, imageDefinition, KNOWN_IMAGES } from './definition.ts';
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
