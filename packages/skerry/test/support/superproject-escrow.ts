import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createEscrow, type Deposit } from '../../src/superproject/escrow/create.ts';
import { Network } from '../../src/superproject/network.ts';
import { gitmodulesOf, pinOnRemote } from './superproject-checkout.ts';
import type { Farm } from './superproject-farm.ts';

/** Runs a program; throws when it fails. */
export const run = promisify(execFile);
export const TOOL = { name: 'skerry', version: '0.0.0' };
export const quick = (signal?: AbortSignal): Network =>
  new Network({ pauseMs: 10, tries: 2, signal });

export function deposit(farm: Farm, ref: string, dir: string, more = {}): Promise<Deposit> {
  return createEscrow(quick(), {
    url: farm.url,
    ref,
    dir: join(farm.dir, dir),
    tool: TOOL,
    ...more,
  });
}

/** What somebody does who hides a change. */
export async function hashAnew(dir: string): Promise<void> {
  const script =
    'find . -type f ! -name "SHA256SUMS*" | sed s,^./,, | xargs -d "\\n" sha256sum > SHA256SUMS';
  await run('sh', ['-c', script], { cwd: dir });
}

/** A release branch with a nested component, odd names, links, programs, licences and LFS. */
export async function release(farm: Farm): Promise<void> {
  const [app, lib] = [farm.component(0), farm.component(1)];
  const clone = join(farm.dir, 'app-work');
  await farm.git(farm.dir, 'clone', '--quiet', app.url, clone);
  await writeFile(
    join(clone, '.gitmodules'),
    gitmodulesOf([{ ...lib, path: 'deps/lib', url: '../c002.git' }]),
  );
  await writeFile(join(clone, 'LICENSE'), 'SPDX-License-Identifier: MIT\n');
  await writeFile(join(clone, `${'long-'.repeat(30)}name.txt`), 'long\n');
  await writeFile(join(clone, 'größe mit leer.txt'), 'utf\n');
  await writeFile(
    Buffer.concat([Buffer.from(`${clone}/`), Buffer.from('latin\xfc', 'latin1')]),
    'odd\n',
  );
  await writeFile(join(clone, 'crlf.txt'), 'a\r\nb\r\n');
  await writeFile(join(clone, '.gitattributes'), '*.txt text eol=crlf\n');
  await writeFile(join(clone, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  await symlink('run.sh', join(clone, 'link'));
  const sum = 'a'.repeat(64);
  await writeFile(
    join(clone, 'big.bin'),
    `version https://git-lfs.github.com/spec/v1\noid sha256:${sum}\nsize 12345\n`,
  );
  await farm.git(clone, 'add', '-A');
  await farm.git(
    clone,
    'update-index',
    '--add',
    '--cacheinfo',
    `160000,${await lib.git('rev-parse', 'main~1')},deps/lib`,
  );
  await farm.git(clone, 'commit', '--quiet', '-m', 'release');
  await farm.git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  await pinOnRemote(farm, { c001: await app.tip() });
  await app.git('tag', '-a', 'v1', '-m', 'v1', 'main');
  await farm.super.git('branch', '3.11', 'main');
  await farm.super.git('tag', '-a', '3.11.2', '-m', 'release', 'main');
}
