import { SkerryError } from '../util/errors.ts';
import { formatGit } from './format-git.ts';
import { SCRATCH_PREFIX } from './scratch-prefix.ts';
import { hideCredentials } from '../util/hide-credentials.ts';

/** What hosts and networks say when the same command may well work a moment later. */
const TRANSIENT =
  /kex_exchange_identification|ssh_exchange_identification|Failed to connect|Couldn't connect|Recv failure|Operation too slow|gnutls_handshake|Connection (reset|refused|closed|timed out)|Broken pipe|HTTP (429|5\d\d)|error: (429|5\d\d)|Operation timed out|Could not resolve host|Temporary failure|early EOF|the remote end hung up|unexpected disconnect|RPC failed|Too many|rate limit|TLS connection was non-properly|GnuTLS recv error|cannot lock ref|shallow file has changed/i;
const DENIED =
  /Permission denied|Permission to .* denied|Authentication failed|could not read (Username|Password)|terminal prompts disabled|HTTP 40[13]|error: 40[13]|Host key verification failed|access denied/i;
const MISSING =
  /repository .* not found|does not appear to be a git repository|Repository not found|HTTP 404|error: 404|No such file or directory|not exported/i;

/** What ssh and git say of files of this computer. */
const NOT_OF_REMOTE =
  /^(Warning: Identity file|no such identity:|Could not create directory|.*cannot (run|exec) ).*$/gm;

export type FailureKind = 'transient' | 'denied' | 'missing' | 'locked' | 'other';

/**
 * Tells from git's words what kind of failure it is. The one place that reads them.
 *
 * @example failureKind('kex_exchange_identification: read: Connection reset by peer') // 'transient'
 */
export function failureKind(stderr: string): FailureKind {
  // What a hook over there says is about something else, but for what hosts say of the repository itself.
  const own = stderr
    .replace(/^remote: (?!.*repository.*not found).*$/gim, '')
    .replace(NOT_OF_REMOTE, '');
  // An answer, after which the remote hangs up (git-fetch(1) --shallow-exclude).
  if (own.includes('no commits selected for shallow requests')) return 'other';
  if (/Unable to create '.*\.lock'/.test(own)) return 'locked';
  if (MISSING.test(own)) return 'missing';
  if (DENIED.test(own)) return 'denied';
  return TRANSIENT.test(stderr) ? 'transient' : 'other';
}

/** The error for a git that failed; its words are kept whole. */
export function gitFailure(
  args: readonly string[],
  {
    about,
    url,
    cwd,
  }: { about?: string | undefined; url?: string | undefined; cwd?: string | undefined },
  stderr: string,
  isTimeout = false,
): SkerryError {
  const kind = isTimeout ? 'transient' : failureKind(stderr);
  const reason = hideCredentials(stderr.trim() || 'git said nothing');
  const data = {
    action: args.find((word) => /^[a-z][a-z-]+$/.test(word)) ?? 'command',
    where: about === undefined ? '' : ` for ${about}`,
    reason: reason.replace(/^/gm, '  '),
    // A scratch repository is gone by the time anybody reads this.
    command:
      cwd?.includes(SCRATCH_PREFIX) && url !== undefined
        ? formatGit(['ls-remote', url])
        : formatGit(args, cwd),
    url: hideCredentials(url ?? 'the remote'),
    host: hideCredentials(url ?? 'the remote'),
    tries: 'once',
  };
  const code = {
    transient: 'SP_TRANSIENT',
    denied: 'SP_DENIED',
    missing: 'SP_REPOSITORY_MISSING',
    locked: 'SP_LOCKED',
    other: 'SP_GIT',
  } as const;
  return new SkerryError(code[kind], { data });
}
