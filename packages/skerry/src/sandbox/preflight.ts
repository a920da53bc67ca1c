// Why a sandbox, or a namespace to build an image in, cannot start on this host. Too slow for every start, so it is
// asked after a failure: it turns what unshare or newuidmap said into what to do about it.
import { SkerryError } from '../util/errors.ts';
import { missingPrograms, nameOf } from './host-packages.ts';
import { type HostProblem, remedyLine } from './host-problem.ts';
import { type HostUser, hostUser } from './host-user.ts';
import { readSubIdFiles, subIdProblem } from './sub-ids.ts';
import { tunProblem } from './tun.ts';
import { namespaceProblem, readNamespaceSwitches, tryNamespaces } from './user-namespaces.ts';

/**
 * The first thing about this host that stops sandboxes, as the error to report, or undefined when there is none.
 *
 * @example throw (await preflight()) ?? new SkerryError('SANDBOX_START', { data: { reason, log } });
 */
export async function preflight(signal?: AbortSignal): Promise<SkerryError | undefined> {
  const user = hostUser();
  const [missing] = missingPrograms(user.isRoot ? ['run'] : ['run', 'user']);
  if (missing) return new SkerryError('PROGRAM_MISSING', { data: { program: nameOf(missing) } });
  const problem =
    subIdProblem(await readSubIdFiles(), user) ??
    (await namespacesOf(user, signal)) ??
    (await tunProblem());
  return problem && hostError(problem);
}

/** The error for a problem of the host; its hint is the remedy as one line to paste. */
export function hostError(problem: HostProblem): SkerryError {
  const line = remedyLine(problem);
  const remedy = line ? `run: ${line}` : 'see what helps: skerry doctor';
  return new SkerryError(problem.code, { data: { finding: problem.finding, remedy } });
}

async function namespacesOf(
  user: HostUser,
  signal?: AbortSignal,
): Promise<HostProblem | undefined> {
  const attempt = await tryNamespaces(user, signal);
  return attempt && namespaceProblem(attempt, await readNamespaceSwitches(), user);
}
