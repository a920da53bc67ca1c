// The checks that are also asked when a sandbox did not start (sandbox/preflight.ts), where their logic is.
import { readSubIdFiles, subIdProblem } from '../sandbox/sub-ids.ts';
import { tunProblem } from '../sandbox/tun.ts';
import {
  namespaceProblem,
  readNamespaceSwitches,
  tryNamespaces,
} from '../sandbox/user-namespaces.ts';
import { asFinding, type Finding, ok, type Patient } from './check.ts';

export async function checkUserNamespaces({ user, signal }: Patient): Promise<Finding> {
  // Without ids the attempt below fails for a reason that another check tells.
  if (subIdProblem(await readSubIdFiles(), user))
    return {
      level: 'warning',
      finding: 'not tried: subuid comes first',
      remedy: ['# mend subuid, then: skerry doctor'],
    };
  const attempt = await tryNamespaces(user, signal);
  if (!attempt)
    return {
      level: 'warning',
      finding: 'not tried: there is no unshare',
      remedy: ['# install what programs names, then: skerry doctor'],
    };
  const problem = namespaceProblem(attempt, await readNamespaceSwitches(), user);
  if (problem) return asFinding(problem);
  return ok(
    user.isRoot
      ? 'mount, pid and net namespaces can be made'
      : 'user, mount, pid and net namespaces can be made',
  );
}

export async function checkSubIds({ user }: Patient): Promise<Finding> {
  if (user.isRoot) return ok('root needs none');
  const problem = subIdProblem(await readSubIdFiles(), user);
  return problem ? asFinding(problem) : ok(`user ${user.name} has enough`);
}

export async function checkTun(): Promise<Finding> {
  const problem = await tunProblem();
  return problem ? asFinding(problem) : ok('opens for reading and writing');
}
