import { expect, test } from 'vitest';
import { remedyLine } from './host-problem.ts';
import { namespaceProblem, type NamespaceSwitches } from './user-namespaces.ts';

const ada = { uid: 1000, gid: 1000, name: 'ada', isRoot: false };
const root = { uid: 0, gid: 0, name: 'root', isRoot: true };
const free: NamespaceSwitches = {
  maxUserNamespaces: 90_000,
  unprivilegedClone: undefined,
  apparmorRestricts: 0,
};
const denied = { code: 1, stderr: 'unshare: unshare failed: Operation not permitted\n' };

test('an attempt that worked is no problem, whatever the switches say', () => {
  expect(
    namespaceProblem({ code: 0, stderr: '' }, { ...free, apparmorRestricts: 1 }, ada),
  ).toBeUndefined();
});

test.each([
  [{ maxUserNamespaces: 0 }, 'user.max_user_namespaces = 15000'],
  [{ unprivilegedClone: 0 }, 'kernel.unprivileged_userns_clone = 1'],
  [{ apparmorRestricts: 1 }, 'kernel.apparmor_restrict_unprivileged_userns = 0'],
])('%o has its own remedy', (switches, setting) => {
  const problem = namespaceProblem(denied, { ...free, ...switches }, ada);
  expect(problem?.code).toBe('USERNS_DENIED');
  expect(problem && remedyLine(problem)).toBe(
    `echo '${setting}' | sudo tee -a /etc/sysctl.d/60-skerry.conf && sudo sysctl -p /etc/sysctl.d/60-skerry.conf`,
  );
});

test.each([
  ["unshare: unrecognized option '--map-auto'", ada, /older than 2\.38/],
  ['newuidmap: write to uid_map failed: Operation not permitted', ada, /newuidmap may not/],
  ['unshare: unshare failed: No space left on device', ada, /too many namespaces/],
  ['unshare: mount /proc failed: Operation not permitted', ada, /mount \/proc failed/],
  ['unshare: unshare failed: Operation not permitted', root, /even root may not/],
  ['', ada, /unshare ended with 1/],
])('%j is explained', (stderr, user, finding) => {
  const problem = namespaceProblem({ code: 1, stderr }, free, user);
  expect(problem?.finding).toMatch(finding);
  expect(problem?.remedy).not.toHaveLength(0);
});
