import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { hostSources } from './apt-sources.ts';

const DEB822 = `Types: deb
# an older mirror
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://mirror.test/security
Suites:
 bookworm-security
Components: main contrib

Types: deb
Enabled: no
URIs: http://off.test/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://vendor.test/linux
Suites: bookworm
Components: stable
`;

const ONE_LINE = `# deb http://old.test/debian bookworm main
deb [arch=amd64 signed-by=/x.gpg] http://line.test/debian bookworm main contrib # ours
deb-src http://line.test/debian bookworm main
deb http://line.test/debian trixie main
`;

test("a release's entries are taken from both formats, and nobody else's", async () => {
  const dir = await mkdtemp(join(tmpdir(), 'skerry-apt-'));
  try {
    await mkdir(join(dir, 'sources.list.d'));
    await writeFile(join(dir, 'sources.list'), ONE_LINE);
    await writeFile(join(dir, 'sources.list.d', 'debian.sources'), DEB822);
    expect(await hostSources('bookworm', dir)).toEqual([
      'deb http://line.test/debian bookworm main contrib',
      'deb http://mirror.test/debian bookworm main',
      'deb http://mirror.test/debian bookworm-updates main',
      'deb http://mirror.test/security bookworm-security main contrib',
    ]);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a host without Debian sources leaves the choice to mmdebstrap', async () => {
  expect(await hostSources('bookworm', '/nonexistent')).toEqual([]);
});
