// Every type that the package's entries name is in the package.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const PACKAGE = join(import.meta.dirname, '..');

interface PackageJson {
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

test('the declarations of all entries, and all they import, are packed', () => {
  const { files, exports } = JSON.parse(
    readFileSync(join(PACKAGE, 'package.json'), 'utf8'),
  ) as PackageJson;
  const tsc = join(PACKAGE, '..', '..', 'node_modules', '.bin', 'tsc');
  const args = ['-b', PACKAGE, '--emitDeclarationOnly'];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...args], { encoding: 'utf8' });
  expect(status, stdout).toBe(0);
  const todo = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [normalize(entry.types)],
  );
  expect(todo.length).toBeGreaterThan(2);
  const seen = new Set(todo);
  const missing: string[] = [];
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    const path = join(PACKAGE, file);
    const isPacked = files.some((glob) => matchesGlob(file ?? '', glob));
    if (!isPacked || !existsSync(path)) {
      missing.push(file);
      continue;
    }
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)\.ts'/g)) {
      const next = relative(PACKAGE, join(dirname(path), `${name}.d.ts`));
      if (!seen.has(next)) todo.push(next);
      seen.add(next);
    }
  }
  expect(missing).toEqual([]);
});
