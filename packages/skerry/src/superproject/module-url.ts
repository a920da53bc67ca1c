import { hideCredentials } from '../util/hide-credentials.ts';

/**
 * Makes the url of a component absolute, as git does for urls that begin with `./` or `../` (git-submodule(1), "add"):
 * each `../` takes the last part off the superproject's own url. See `leadsAbove` for more of them than there are parts.
 *
 * @example resolveUrl('git@host:product/all.git', '../libfoo.git') // 'git@host:product/libfoo.git'
 */
export function resolveUrl(base: string, url: string): string {
  return isRelative(url) ? climb(base, url).url : url;
}

/** Whether a relative url has more `../` than the superproject's own has parts: it names nothing, and git refuses it. */
export function leadsAbove(base: string, url: string): boolean {
  return isRelative(url) && climb(base, url).isAbove;
}

function climb(base: string, url: string): { url: string; isAbove: boolean } {
  const isPath = !base.startsWith('/') && !/^[^/]*:/.test(base);
  let above = (isPath && !isRelative(base) ? `./${base}` : base).replace(/\/$/, '');
  let rest = url;
  let separator = '/';
  let isAbove = false;
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      const slash = above.lastIndexOf('/');
      const at = slash < 0 ? above.lastIndexOf(':') : slash;
      // Once past the colon of host:path, git keeps to it.
      if (slash < 0 && at >= 0) separator = ':';
      isAbove ||= at < 0;
      above = at < 0 ? '.' : above.slice(0, at);
    } else break;
  }
  return { url: `${above}${separator}${rest}`.replace(/(?<=.)\/$/, ''), isAbove };
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
