import { hideCredentials } from './hide-credentials.ts';

/**
 * Makes the url of a component absolute, as git does for urls that begin with `./` or `../` (git-submodule(1), "add"):
 * each `../` takes the last part off the superproject's own url.
 *
 * @example resolveUrl('git@host:product/all.git', '../libfoo.git') // 'git@host:product/libfoo.git'
 */
export function resolveUrl(base: string, url: string): string {
  if (!isRelative(url)) return url;
  let above = base.replace(/\/+$/, '');
  let rest = url;
  let separator = '/';
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      const at = Math.max(above.lastIndexOf('/'), above.lastIndexOf(':'));
      if (at < 0) above = '.';
      else {
        separator = above[at] ?? '/';
        above = above.slice(0, at);
      }
    } else break;
  }
  return `${above}${separator}${rest.replace(/\/+$/, '')}`;
}

/** Whether a url is relative to the superproject's. */
export function isRelative(url: string): boolean {
  return /^\.{1,2}\//.test(url);
}

/**
 * The host a url leads to, which connections are counted by: `user@host:port`, `local` for this computer.
 *
 * @example hostOf('git@example.org:a/b.git') // 'example.org'
 */
export function hostOf(url: string): string {
  const [, scheme, host = ''] = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/@]*@)?([^/]*)/i.exec(url) ?? [];
  if (scheme !== undefined) return scheme.toLowerCase() === 'file' ? 'local' : host.toLowerCase();
  const [, short] = /^(?:[^/@:]*@)?(\[[^\]]*\]|[^/:]+):/.exec(url) ?? [];
  return short?.toLowerCase() ?? 'local';
}

/**
 * The same repository for a fetch with a filter: git calls the remote by its url then, and takes no name that begins with
 * a slash.
 */
export function filterUrl(url: string): string {
  return url.startsWith('/') ? `file://${url.replaceAll('%', '%25')}` : url;
}

/** A url for people to read: without passwords and tokens. */
export function shownUrl(url: string): string {
  return hideCredentials(url);
}
