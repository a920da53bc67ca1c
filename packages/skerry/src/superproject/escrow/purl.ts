import { shownUrl } from '../module-url.ts';

/**
 * The location of a commit as SPDX writes it: `git+https://host/a.git@commit` (SPDX 2.3, 7.7). Without credentials.
 *
 * @example vcsLocation('git@host:a/b.git', 'c0ffee') // 'git+ssh://git@host/a/b.git@c0ffee'
 */
export function vcsLocation(remote: string, commit: string): string {
  return `git+${asUri(remote)}@${commit}`;
}

/** A remote as a URI: scp-like ones become ssh, paths file. Without credentials. */
export function asUri(remote: string): string {
  const shown = shownUrl(remote);
  const scp = /^([^/:]+):(?!\/\/)\/?(.*)$/s.exec(shown);
  const uri = /^\w[\w+.-]*:\/\//.test(shown)
    ? shown
    : scp
      ? `ssh://${scp[1]}/${scp[2]}`
      : `file://${shown}`;
  return uri.replace(/[^A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]/g, (sign) => encodeURIComponent(sign));
}

/**
 * The package url of a commit (purl-spec): of the hosts it knows by their type, else generic with the location.
 *
 * @example purlOf('https://github.com/Ab/cd.git', 'c0ffee', 'cd') // 'pkg:github/ab/cd@c0ffee'
 */
export function purlOf(remote: string, commit: string, name: string): string {
  const match =
    /^\w[\w+.-]*:\/\/(?:[^/@]*@)?(github\.com|bitbucket\.org)\/([^/]+)\/([^/]+?)(?:\.git)?\/?$/i.exec(
      asUri(remote),
    );
  const [, host = '', owner = '', repository = ''] = match ?? [];
  if (match) {
    const type = host.toLowerCase() === 'github.com' ? 'github' : 'bitbucket';
    return `pkg:${type}/${owner.toLowerCase()}/${repository.toLowerCase()}@${commit}`;
  }
  const vcs = encodeURIComponent(vcsLocation(remote, commit))
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/');
  return `pkg:generic/${encodeURIComponent(name)}@${commit}?vcs_url=${vcs}`;
}
