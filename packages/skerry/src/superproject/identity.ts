import { SkerryError } from '../util/errors.ts';
import { tryGit } from './git.ts';

/** `Name <mail>` as git knows the user (git-var(1) GIT_COMMITTER_IDENT). @throws SP_NO_IDENTITY */
export async function userIdentity(cwd?: string, signal?: AbortSignal): Promise<string> {
  const { stdout } = await tryGit(['-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT'], {
    cwd,
    signal,
    answers: [1, 128],
  });
  const match = /^(.* <.*>) \d+ [+-]\d{4}$/m.exec(stdout.toString());
  if (!match?.[1]) throw new SkerryError('SP_NO_IDENTITY', {});
  return match[1];
}
