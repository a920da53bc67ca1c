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
});
