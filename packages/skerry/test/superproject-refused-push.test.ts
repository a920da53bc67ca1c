import { chmod } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Network } from '../src/superproject/network.ts';
import { nightly, resumeNightly } from '../src/superproject/nightly.ts';
import { tag } from '../src/superproject/tag.ts';
import { makeFarm } from './support/superproject-farm.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 1 });
const stamp = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

describe('a component on a remote that lets us read and not push', () => {
  test.each([
    ['GitHub over ssh', 'ERROR: Permission to product/c001.git denied to someone.'],
    ['GitLab over ssh', 'remote: ERROR: You are not allowed to push code to this project.'],
    ['git daemon', 'fatal: remote error: access denied or repository not exported: /c001.git'],
    ['a forge', "fatal: unable to access 'https://x/': The requested URL returned error: 403"],
  ])('%s: the nightly is made, with a warning', async (_, words) => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const moved = await farm.component(0).commit({ a: '1' });
    const refusal = `case "$command $repository" in receive-pack*c001*) echo "${words}" >&2; exit 1;; esac`;
    await farm.onConnect(refusal);
    const options = { url: farm.url, branch: 'main' };
    const result = await nightly(quick(), options);
    expect(result).toMatchObject({ status: 'published', moves: [{ to: moved }], tagged: [] });
    expect(result.warnings).toEqual([
      expect.stringMatching(
        /^c001: its remote takes no refs\/superproject \(.*(denied|not allowed|403)/,
      ),
      expect.stringMatching(/^c001: not tagged main-nightly-1: .*(denied|not allowed|403)/),
    ]);
    expect(await nightly(quick(), options)).toMatchObject({ status: 'unchanged' });
    expect(await resumeNightly(quick(), options)).toMatchObject({
      leftOut: [{ name: 'c001' }],
    });
    // A login that works for nothing is another matter.
    const shut =
      'case $repository in *c001*) echo "Permission denied (publickey)." >&2; exit 1;; esac';
    await farm.onConnect(shut);
    await expect(resumeNightly(quick(), options)).rejects.toMatchObject({ code: 'SP_PARTIAL' });
    await farm.onConnect(refusal);
    // A release's tag is asked for in the components: that it is not there is no small matter.
    const release = { url: farm.url, name: '1.0', from: 'main', stamp };
    expect(await tag(quick(), release)).toMatchObject({ status: 'published' });
    await expect(tag(quick(), { ...release, components: true })).rejects.toMatchObject({
      code: 'SP_PARTIAL',
    });
  });

  // git says the same of both. To be somebody else, and to mount, needs root.
  test.runIf(process.getuid?.() === 0).each([
    ['a folder that is not ours to write to', 'setpriv --reuid=65534 --regid=65534 --clear-groups'],
    ['a disk without room for one more file', 'unshare --mount sh -c'],
  ])('%s: the warning names what it may be (only run by root)', async (what, as) => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    await farm.git(farm.dir, 'config', '--global', 'safe.directory', '*');
    await chmod(farm.dir, 0o755);
    await farm.component(0).commit({ a: '1' });
    const full =
      "'mount -t tmpfs -o nr_inodes=60 none /mnt && cp -a c001.git /mnt && i=0; while mkdir /mnt/$i; do i=$((i+1)); done; exec git receive-pack /mnt/c001.git' 2>/dev/null";
    const work = what.includes('disk') ? full : 'git receive-pack "$repository"';
    await farm.onConnect(
      `case "$command $repository" in receive-pack*c001*) exec ${as} ${work};; esac`,
    );
    const { status, warnings } = await nightly(quick(), { url: farm.url, branch: 'main' });
    expect(status).toBe('published');
    expect(warnings[0]).toMatch(/^c001: .*object directory: no right to write there, or no room/);
  });
});
