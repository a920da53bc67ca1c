// May this user make the namespaces of a sandbox? There are many ways to forbid it, so it is tried for real.
import { readFile } from 'node:fs/promises';
import { SkerryError } from '../util/errors.ts';
import { run, type RunResult } from '../util/run.ts';
import type { HostProblem } from './host-problem.ts';
import type { HostUser } from './host-user.ts';

/** The kernel's switches; undefined where this kernel has no such switch. */
export interface NamespaceSwitches {
  readonly maxUserNamespaces: number | undefined;
  /** Debian's and Arch's: 0 forbids. */
  readonly unprivilegedClone: number | undefined;
  /** Ubuntu's since 23.10: 1 lets a namespace be made, but without any rights in it. */
  readonly apparmorRestricts: number | undefined;
}

const TRY = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'true'];
const PERSIST = '/etc/sysctl.d/60-skerry.conf';

export async function readNamespaceSwitches(): Promise<NamespaceSwitches> {
  const [maxUserNamespaces, unprivilegedClone, apparmorRestricts] = await Promise.all(
    [
      'user/max_user_namespaces',
      'kernel/unprivileged_userns_clone',
      'kernel/apparmor_restrict_unprivileged_userns',
    ].map(readNumber),
  );
  return { maxUserNamespaces, unprivilegedClone, apparmorRestricts };
}

/** Makes the namespaces of a sandbox and leaves them at once; undefined without unshare. */
export async function tryNamespaces(
  user: HostUser,
  signal?: AbortSignal,
): Promise<RunResult | undefined> {
  const asUser = user.isRoot ? [] : ['--user', '--map-root-user', '--map-auto'];
  try {
    const options = { timeoutMs: 4000, signal, cwd: '/', hasGroup: true };
    return await run('unshare', [...asUser, ...TRY], options);
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'PROGRAM_MISSING') return undefined;
    throw error;
  }
}

/** Why the attempt failed and what helps. */
export function namespaceProblem(
  attempt: Pick<RunResult, 'code' | 'stderr'>,
  switches: NamespaceSwitches,
  user: HostUser,
): HostProblem | undefined {
  if (attempt.code === 0) return undefined;
  const said = attempt.stderr.trim().split('\n').at(-1) || `unshare ended with ${attempt.code}`;
  const problem = (finding: string, remedy: readonly string[]): HostProblem => ({
    code: 'USERNS_DENIED',
    finding,
    remedy,
  });
  if (/unrecognized option '--map-auto'/.test(attempt.stderr))
    return problem('unshare is older than 2.38 and has no --map-auto', [
      '# Debian 12, Ubuntu 22.10, Fedora 37 and later have a newer one: upgrade this system.',
    ]);
  if (user.isRoot) return problem(`even root may not make namespaces (${said})`, CONTAINER);
  if (switches.maxUserNamespaces === 0)
    return problem(
      'the kernel allows no user namespaces (user.max_user_namespaces is 0)',
      sysctl('user.max_user_namespaces', 15_000),
    );
  if (switches.unprivilegedClone === 0)
    return problem(
      'only root may make user namespaces (kernel.unprivileged_userns_clone is 0)',
      sysctl('kernel.unprivileged_userns_clone', 1),
    );
  if (switches.apparmorRestricts === 1)
    return problem(
      'AppArmor takes all rights from user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)',
      sysctl('kernel.apparmor_restrict_unprivileged_userns', 0),
    );
  if (/new[ug]idmap/.test(attempt.stderr))
    return problem(`newuidmap may not hand out ids (${said})`, [
      'sudo chmod u+s "$(command -v newuidmap)" "$(command -v newgidmap)"',
    ]);
  if (/No space left/.test(attempt.stderr))
    return problem(`there are too many namespaces (${said})`, [
      `sudo sysctl -w user.max_user_namespaces=${2 * (switches.maxUserNamespaces ?? 15_000)}`,
    ]);
  return problem(`user namespaces cannot be made (${said})`, CONTAINER);
}

const CONTAINER = [
  '# In a container, start it with the right to make namespaces and to mount /proc in them:',
  '# docker run --privileged ..., or, with less:',
  '#   --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined',
];

function sysctl(key: string, value: number): string[] {
  return [`echo '${key} = ${value}' | sudo tee -a ${PERSIST}`, `sudo sysctl -p ${PERSIST}`];
}

async function readNumber(path: string): Promise<number | undefined> {
  const text = await readFile(`/proc/sys/${path}`, 'utf8').catch(() => '');
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}
