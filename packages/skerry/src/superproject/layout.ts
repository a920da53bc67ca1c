import { SkerryError } from '../util/errors.ts';
import { shownUrl } from './module-url.ts';

/** A `.gitmodules` that names a repository. */
export interface RepositoryUse {
  /** The remote of the repository whose `.gitmodules` it is. */
  readonly parent: string;
  /** The url as it is written there. */
  readonly url: string;
  /** The same made absolute. */
  readonly remote: string;
}

/** Where repositories lie in one folder, so that relative urls between them stay true. */
export interface Layout {
  /** Remote to path below the folder, with `/` between its parts. */
  readonly paths: ReadonlyMap<string, string>;
  /** The superproject's path. */
  readonly main: string;
  /** For absolute urls: what they begin with, and the path that stands for it, as url.PATH.insteadOf of git-config(1). */
  readonly rewrites: readonly { readonly url: string; readonly path: string }[];
}

interface Place {
  /** All that stands before the path: `ssh://git@host`, `git@host:`; '' for a path of this computer. */
  readonly origin: string;
  readonly parts: readonly string[];
}

const MAIN = 'super.git';

/**
 * Lays out repositories as their remotes lie to each other: what `../lib.git` finds on the host it finds here. The
 * superproject is called `super.git`, unless a component is. Repositories of other hosts are below `external`.
 *
 * @param reserved names in the folder that are no repositories
 * @throws SP_LAYOUT
 */
export function layoutOf(
  superUrl: string,
  uses: readonly RepositoryUse[],
  reserved: readonly string[] = [],
): Layout {
  const remotes = [...new Set([superUrl, ...uses.map(({ remote }) => remote)])];
  const places = new Map(remotes.map((remote) => [remote, placeOf(remote)]));
  const home = placeOf(superUrl);
  const near = [...places.values()].filter(({ origin }) => origin === home.origin);
  let strip = commonDepth(near, uses, home.origin);
  const isTaken = ({ parts }: Place): boolean =>
    reserved.includes(renamed(home, near, strip)(parts)[strip] ?? '');
  while (strip > 0 && near.some(isTaken)) strip--;
  const rename = renamed(home, near, strip);
  const pathOf = ({ origin, parts }: Place): string =>
    origin === home.origin
      ? rename(parts).slice(strip).join('/')
      : [...externalOf(origin), ...parts].join('/');
  const paths = new Map([...places].map(([remote, place]) => [remote, pathOf(place)]));
  const taken = near.find(isTaken);
  if (taken) throw refused(superUrl, `it would lie where '${taken.parts[strip]}' is`);
  const absolute = uses.filter(({ url }) => !isRelative(url)).map(({ remote }) => placeOf(remote));
  return { paths, main: pathOf(home), rewrites: rewritesOf(absolute, home, strip) };
}

function rewritesOf(absolute: readonly Place[], home: Place, strip: number): Layout['rewrites'] {
  const found = new Map<string, string>();
  for (const { origin } of absolute) {
    const between = origin.endsWith(':') ? '' : '/';
    const parts = origin === home.origin ? home.parts.slice(0, strip) : [];
    const url = `${origin}${between}${parts.map((part) => `${part}/`).join('')}`;
    found.set(url, origin === home.origin ? '' : `${externalOf(origin).join('/')}/`);
  }
  return [...found].map(([url, path]) => ({ url, path })).sort((a, b) => (a.url < b.url ? -1 : 1));
}

/**
 * How many folders all have in common and no relative url goes above. `../../a/lib.git` of `/a/all.git` goes up to `/`,
 * though both are in `/a`.
 */
function commonDepth(
  near: readonly Place[],
  uses: readonly RepositoryUse[],
  origin: string,
): number {
  const [first] = near;
  let depth = Math.min(...near.map(({ parts }) => parts.length - 1));
  for (let at = 0; at < depth; at++)
    if (near.some(({ parts }) => parts[at] !== first?.parts[at])) depth = at;
  for (const { parent, url } of uses) {
    const from = placeOf(parent);
    if (from.origin !== origin || !isRelative(url)) continue;
    const ups = /^(?:\.\.?\/)*/.exec(url)?.[0].match(/\.\.\//g)?.length ?? 0;
    depth = Math.min(depth, from.parts.length - ups);
  }
  return Math.max(0, depth);
}

/** Names the superproject `super.git`, also where others lie below it (`./lib.git`). */
function renamed(
  home: Place,
  near: readonly Place[],
  strip: number,
): (parts: readonly string[]) => readonly string[] {
  const last = home.parts.length - 1;
  const startsWith = (parts: readonly string[], start: readonly string[]): boolean =>
    start.every((part, at) => parts[at] === part);
  const wanted = [...home.parts.slice(0, last), MAIN];
  const isOthers = near.some(
    ({ parts }) => startsWith(parts, wanted) && !startsWith(parts, home.parts),
  );
  if (isOthers || last < strip) return (parts) => parts;
  return (parts) => (startsWith(parts, home.parts) ? [...wanted, ...parts.slice(last + 1)] : parts);
}

function externalOf(origin: string): string[] {
  const name = shownUrl(`${origin}/`)
    .replace(/^\w[\w+.-]*:\/\//, '')
    .replace(/^.*@/, '')
    .replace(/[^A-Za-z0-9.-]+/g, '_')
    .replace(/_+$/, '');
  return ['external', name === '' || /^\.+$/.test(name) ? 'local' : name];
}

function isRelative(url: string): boolean {
  return url.startsWith('./') || url.startsWith('../');
}

function placeOf(remote: string): Place {
  const match =
    /^(\w[\w+.-]*:\/\/[^/]*)\/(.*)$/s.exec(remote) ??
    /^([^/:]+:)(?!\/\/)\/?(.*)$/s.exec(remote) ??
    /^()\/?(.*)$/s.exec(remote);
  const [, origin = '', path = ''] = match ?? [];
  const parts = path.split('/').filter(Boolean);
  const isOdd = (part: string): boolean =>
    part === '.' || part === '..' || part.toLowerCase() === '.git' || /[\p{Cc}\\]/u.test(part);
  if (parts.length === 0 || parts.some(isOdd))
    throw refused(remote, 'its path has no place in a folder');
  return { origin, parts };
}

function refused(remote: string, reason: string): SkerryError {
  return new SkerryError('SP_LAYOUT', { data: { url: shownUrl(remote), reason } });
}
