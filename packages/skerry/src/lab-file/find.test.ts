import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findLabFile } from './find.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'skerry-find-')));
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

test('finds the nearest lab file, upwards', () => {
  writeFileSync(join(root, 'skerry.config.ts'), '');
  expect(findLabFile(join(root, 'a', 'b'))).toBe(join(root, 'skerry.config.ts'));
  writeFileSync(join(root, 'a', 'skerry.config.yaml'), '');
  expect(findLabFile(join(root, 'a', 'b'))).toBe(join(root, 'a', 'skerry.config.yaml'));
});

test('takes a file of any name', () => {
  writeFileSync(join(root, 'other.json'), '');
  expect(findLabFile(join(root, 'other.json'))).toBe(join(root, 'other.json'));
});

test('says when there is none, more than one, or no such folder', () => {
  const data = { dir: join(root, 'a') };
  expect(() => findLabFile(join(root, 'a'))).toThrow(
    expect.objectContaining({ code: 'LAB_FILE_MISSING', data }),
  );
  writeFileSync(join(root, 'a', 'skerry.config.ts'), '');
  writeFileSync(join(root, 'a', 'skerry.config.json'), '');
  const files = 'skerry.config.json, skerry.config.ts';
  expect(() => findLabFile(join(root, 'a', 'b'))).toThrow(
    expect.objectContaining({ code: 'LAB_FILE_AMBIGUOUS', data: { ...data, files } }),
  );
  expect(() => findLabFile(join(root, 'none'))).toThrow(
    expect.objectContaining({ code: 'LAB_FILE_UNREADABLE' }),
  );
});
