import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyPair } from './keys.ts';

test('a key asked for by several at once is made once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  try {
    const path = join(folder, 'ssh', 'id_ed25519');
    const pairs = await Promise.all([1, 2, 3].map(() => keyPair(path, 'lab')));
    const later = await keyPair(path, 'lab');
    expect(pairs).toEqual([later, later, later]);
    expect(later.publicKey).toBe(readFileSync(`${path}.pub`, 'utf8'));
    expect(later.publicKey).toMatch(/^ssh-ed25519 \S+ lab$/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
