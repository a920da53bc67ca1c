import { describe, expect, test } from 'vitest';
import type { GatheredComponent } from './gather.ts';
import { purlOf, vcsLocation } from './purl.ts';
import { billComponents, cycloneDx, spdx } from './sbom.ts';

const COMMIT = 'c0ffee'.padEnd(40, '0');

function component(path: string, more: Partial<GatheredComponent> = {}): GatheredComponent {
  return {
    path,
    name: path,
    remote: `git@host.example:group/${path.split('/').at(-1)}.git`,
    commit: COMMIT,
    branch: 'main',
    tags: [],
    within: '',
    ...more,
  };
}

const FILES = {
  licences: [
    { path: 'LICENSE', sha256: 'a'.repeat(64), spdxId: undefined },
    { path: 'libs/foo/LICENSES/MIT.txt', sha256: 'b'.repeat(64), spdxId: 'MIT' },
    { path: 'libs/foo/vendored/x/LICENSE', sha256: 'd'.repeat(64), spdxId: 'BSD-3-Clause' },
    { path: 'libs/foo/deps/bar/COPYING', sha256: 'c'.repeat(64), spdxId: 'X11' },
  ],
  lfs: [{ path: 'libs/foo/big.bin', sha256: 'e'.repeat(64), size: 12 }],
};

const BILL = {
  tool: { name: 'skerry', version: '1.2.3' },
  seconds: 1_790_000_000,
  components: billComponents(
    [
      component('', { remote: 'https://github.com/Org/All.git', name: '3.11', within: undefined }),
      component('libs/foo', { tags: ['v1', 'v1.0'], name: 'foo "quoted" ü' }),
      component('libs/foo/deps/bar', { within: 'libs/foo', branch: undefined }),
      component('libs/foo deps', { remote: 'https://me:secret@host.example/a b.git' }),
    ],
    FILES,
  ),
};

interface CycloneComponent {
  'bom-ref': string;
  type: string;
  name: string;
  purl: string;
  licenses?: { license: { name: string } }[];
  externalReferences: { type: string; url: string }[];
  properties: { name: string; value: string }[];
}
interface Cyclone {
  bomFormat: string;
  specVersion: string;
  serialNumber: string;
  version: number;
  metadata: { timestamp: string; component: CycloneComponent };
  components: CycloneComponent[];
  dependencies: { ref: string; dependsOn: string[] }[];
}
interface Spdx {
  spdxVersion: string;
  SPDXID: string;
  dataLicense: string;
  documentNamespace: string;
  creationInfo: { created: string; creators: string[] };
  packages: {
    SPDXID: string;
    name: string;
    downloadLocation: string;
    filesAnalyzed: boolean;
    sourceInfo: string;
    externalRefs: { referenceLocator: string }[];
  }[];
  relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
}

describe('CycloneDX 1.5', () => {
  const bom = cycloneDx(BILL) as Cyclone;
  const all = [bom.metadata.component, ...bom.components];

  test('has what the schema demands, in the forms it demands', () => {
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 });
    expect(bom.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    );
    expect(bom.metadata.timestamp).toBe('2026-09-21T14:13:20Z');
    for (const { type, name, externalReferences } of all) {
      expect(['application', 'library']).toContain(type);
      expect(name).not.toBe('');
      for (const { url } of externalReferences) expect(() => new URL(url)).not.toThrow();
    }
    const refs = all.map((each) => each['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    for (const { ref, dependsOn } of bom.dependencies)
      for (const each of [ref, ...dependsOn]) expect(refs).toContain(each);
  });

  test('says of a component where it is from, its licence files, and what is in LFS', () => {
    const foo = bom.components[0];
    expect(foo?.purl).toBe(
      `pkg:generic/foo@${COMMIT}?vcs_url=git%2Bssh://git%40host.example/group/foo.git%40${COMMIT}`,
    );
    expect(foo?.licenses).toEqual([{ license: { name: 'MIT' } }]);
    const facts = foo?.properties.map(({ name, value }) => `${name.split(':').at(-1)}=${value}`);
    expect(facts).toEqual([
      'path=libs/foo',
      `commit=${COMMIT}`,
      'branch=main',
      'tag=v1',
      'tag=v1.0',
      'within=.',
      `licence-file=libs/foo/LICENSES/MIT.txt sha256:${'b'.repeat(64)}`,
      `lfs-pointer=libs/foo/big.bin sha256:${'e'.repeat(64)} 12 bytes`,
    ]);
    expect(bom.metadata.component.purl).toBe(`pkg:github/org/all@${COMMIT}`);
    expect(bom.dependencies[1]).toEqual({
      ref: 'component:libs/foo',
      dependsOn: ['component:libs/foo/deps/bar'],
    });
  });
});

describe('SPDX 2.3', () => {
  const document = spdx(BILL) as Spdx;

  test('has what the specification demands, in the forms it demands', () => {
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      SPDXID: 'SPDXRef-DOCUMENT',
      dataLicense: 'CC0-1.0',
      creationInfo: { created: '2026-09-21T14:13:20Z', creators: ['Tool: skerry-1.2.3'] },
    });
    const { hash, protocol } = new URL(document.documentNamespace);
    expect([hash, protocol]).toEqual(['', 'https:']);
    const ids = document.packages.map(({ SPDXID }) => SPDXID);
    expect(new Set(ids).size).toBe(4);
    for (const each of document.packages) {
      expect(each.SPDXID).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
      expect(each.downloadLocation).toMatch(/^git\+[a-z]+:\/\/[!-~]+@[0-9a-f]{40}$/);
      expect(each.filesAnalyzed).toBe(false);
    }
    const known = ['SPDXRef-DOCUMENT', ...ids];
    for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
      expect(known).toContain(spdxElementId);
      expect(known).toContain(relatedSpdxElement);
    }
    const described = document.relationships.filter(
      (each) => each.relationshipType === 'DESCRIBES',
    );
    expect(described).toEqual([
      expect.objectContaining({ spdxElementId: 'SPDXRef-DOCUMENT', relatedSpdxElement: ids[0] }),
    ]);
  });
});

test('no credentials get into either', () => {
  expect(JSON.stringify([cycloneDx(BILL), spdx(BILL)])).not.toContain('secret');
});

test.each([
  ['https://github.com/A/B.git', `pkg:github/a/b@${COMMIT}`],
  ['git@github.com:A/B.git', `pkg:github/a/b@${COMMIT}`],
  ['ssh://git@bitbucket.org/A/b', `pkg:bitbucket/a/b@${COMMIT}`],
  [
    '/srv/git/x y.git',
    `pkg:generic/n@${COMMIT}?vcs_url=git%2Bfile:///srv/git/x%2520y.git%40${COMMIT}`,
  ],
])('the package url of %s', (remote, purl) => {
  expect(purlOf(remote, COMMIT, 'n')).toBe(purl);
});

test('the location of an scp-like remote', () => {
  expect(vcsLocation('git@host:a/b.git', 'c')).toBe('git+ssh://git@host/a/b.git@c');
});
