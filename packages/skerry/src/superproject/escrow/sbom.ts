import { createHash } from 'node:crypto';
import type { GatheredComponent } from './gather.ts';
import type { LfsPointer } from './lfs.ts';
import type { LicenceFile } from './licences.ts';
import { asUri, purlOf, vcsLocation } from './purl.ts';

/** What both bills of materials are made of. */
export interface BillOfMaterials {
  readonly tool: { readonly name: string; readonly version: string };
  /** The superproject's time, in seconds since 1970. */
  readonly seconds: number;
  /** The superproject first. */
  readonly components: readonly BillComponent[];
}

export interface BillComponent extends GatheredComponent {
  readonly licences: readonly LicenceFile[];
  readonly lfs: readonly LfsPointer[];
}

/** Gives each component the files that are its own: those of the deepest component around them. */
export function billComponents(
  components: readonly GatheredComponent[],
  found: { licences: readonly LicenceFile[]; lfs: readonly LfsPointer[] },
): BillComponent[] {
  const paths = new Set(components.map(({ path }) => path));
  const ownerOf = (file: string): string => {
    for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1))
      if (paths.has(file.slice(0, at))) return file.slice(0, at);
    return '';
  };
  const licences = Map.groupBy(found.licences, ({ path }) => ownerOf(path));
  const lfs = Map.groupBy(found.lfs, ({ path }) => ownerOf(path));
  return components.map((component) => {
    const { path } = component;
    const start = path === '' ? 0 : path.length + 1;
    // Deep in a tree such files are about a part of it.
    const isAbout = ({ path: file }: LicenceFile): boolean =>
      /^(LICENSES\/)?[^/]+$/.test(file.slice(start));
    return {
      ...component,
      licences: (licences.get(path) ?? []).filter(isAbout),
      lfs: lfs.get(path) ?? [],
    };
  });
}

/** CycloneDX 1.5, JSON. */
export function cycloneDx({ tool, seconds, components }: BillOfMaterials): unknown {
  const [main, ...others] = components;
  const refs = new Map(components.map(({ path }) => [path, refOf(path)]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuidOf(`cyclonedx ${main?.remote} ${main?.commit}`)}`,
    version: 1,
    metadata: {
      timestamp: timeOf(seconds),
      tools: { components: [{ type: 'application', ...tool }] },
      ...(main && { component: cycloneComponent(main, 'application') }),
    },
    components: others.map((each) => cycloneComponent(each, 'library')),
    dependencies: components.map(({ path }) => ({
      ref: refOf(path),
      dependsOn: others.filter(({ within }) => within === path).map((each) => refs.get(each.path)),
    })),
  };
}

function cycloneComponent(component: BillComponent, type: 'application' | 'library'): unknown {
  const { path, name, remote, commit, branch, tags, within, licences, lfs } = component;
  const ids = [...new Set(licences.flatMap(({ spdxId }) => spdxId ?? []))].sort();
  const property = (key: string, value: string): unknown => ({
    name: `skerry:superproject:${key}`,
    value,
  });
  return {
    type,
    'bom-ref': refOf(path),
    name: labelOf(remote, name),
    version: tags[0] ?? commit,
    purl: purlOf(remote, commit, labelOf(remote, name)),
    ...(ids.length > 0 && { licenses: ids.map((id) => ({ license: { name: id } })) }),
    externalReferences: [{ type: 'vcs', url: asUri(remote) }],
    properties: [
      property('path', path === '' ? '.' : path),
      property('commit', commit),
      ...(branch === undefined ? [] : [property('branch', branch)]),
      ...tags.map((tag) => property('tag', tag)),
      ...(within === undefined ? [] : [property('within', within === '' ? '.' : within)]),
      ...licences.map((file) => property('licence-file', `${file.path} sha256:${file.sha256}`)),
      ...lfs.map((file) =>
        property('lfs-pointer', `${file.path} sha256:${file.sha256} ${file.size} bytes`),
      ),
    ],
  };
}

/** SPDX 2.3, JSON. */
export function spdx({ tool, seconds, components }: BillOfMaterials): unknown {
  const [main] = components;
  const name = `${labelOf(main?.remote ?? '', main?.name ?? '')}-${main?.commit ?? ''}`;
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `https://skerry.invalid/spdx/${encodeURIComponent(name)}-${uuidOf(`spdx ${main?.remote} ${main?.commit}`)}`,
    creationInfo: {
      created: timeOf(seconds),
      creators: [`Tool: ${tool.name}-${tool.version}`],
    },
    packages: components.map(spdxPackage),
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', spdxRef('')),
      ...components.flatMap(({ path, within }) =>
        within === undefined ? [] : [relationship(spdxRef(within), 'CONTAINS', spdxRef(path))],
      ),
    ],
  };
}

function spdxPackage(component: BillComponent): unknown {
  const { path, name, remote, commit, branch, tags, licences, lfs } = component;
  const label = labelOf(remote, name);
  const facts = [
    `path: ${path === '' ? '.' : path}`,
    ...(branch === undefined ? [] : [`branch: ${branch}`]),
    ...tags.map((tag) => `tag: ${tag}`),
    ...licences.map((file) =>
      `licence file: ${file.path} sha256:${file.sha256} ${file.spdxId ?? ''}`.trimEnd(),
    ),
    ...lfs.map((file) => `Git LFS pointer: ${file.path} sha256:${file.sha256} ${file.size} bytes`),
  ];
  return {
    SPDXID: spdxRef(path),
    name: label,
    versionInfo: tags[0] ?? commit,
    downloadLocation: vcsLocation(remote, commit),
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    sourceInfo: facts.join('\n'),
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: purlOf(remote, commit, label),
      },
    ],
  };
}

function relationship(from: string, type: string, to: string): unknown {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}

/** The last part of a remote, which people know it by. */
function labelOf(remote: string, name: string): string {
  const last = remote
    .replace(/\/+$/, '')
    .split(/[/:]/)
    .at(-1)
    ?.replace(/\.git$/, '');
  return last === undefined || last === '' ? name : last;
}

function refOf(path: string): string {
  return path === '' ? 'superproject' : `component:${path}`;
}

/** Letters, digits, dots and hyphens only (SPDX 2.3, 7.2); different paths stay different. */
function spdxRef(path: string): string {
  if (path === '') return 'SPDXRef-superproject';
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 8);
  return `SPDXRef-${path.replace(/[^A-Za-z0-9.-]/g, '-')}-${hash}`;
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** A UUID that the same text always gives (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').split('');
  hex[12] = '8';
  hex[16] = '89ab'[Number.parseInt(hex[16] ?? '0', 16) % 4] ?? '8';
  const all = hex.join('');
  return [8, 12, 16, 20, 32].map((end, at, ends) => all.slice(ends[at - 1] ?? 0, end)).join('-');
}
