import { styleText } from 'node:util';
import type { LocalStatus } from '../../superproject/checkout/status-local.ts';
import type { RemoteStatus } from '../../superproject/checkout/status-remote.ts';
import type { ComponentStatus, SuperprojectStatus } from '../../superproject/checkout/status.ts';
import { SP_EXIT } from '../../util/superproject-exit.ts';
import { formatTable } from '../table.ts';
import { shownUrl } from '../../superproject/module-url.ts';

const SHORT = 12;

/** Only what differs, unless all are wanted; then a line that sums it up. */
export function formatStatus(
  { components, strays }: SuperprojectStatus,
  { isAll = false }: { isAll?: boolean | undefined } = {},
): string {
  const shown = isAll ? components : components.filter(({ drift }) => drift.length > 0);
  const hasRemote = components.some(({ remote }) => remote);
  const hasLocal = components.some(({ local }) => local);
  const head = [
    'COMPONENT',
    'BRANCH',
    'PIN',
    ...(hasLocal ? ['HERE'] : []),
    ...(hasRemote ? ['REMOTE'] : []),
  ];
  const rows = shown.map(({ path, branch, pin, local, remote }) => [
    path,
    branch ?? styleText('dim', 'default'),
    pin?.slice(0, SHORT) ?? styleText('yellow', 'none'),
    ...(local ? [localWords(local, pin)] : []),
    ...(remote ? [remoteWords(remote)] : []),
  ]);
  const errors = shown.flatMap(({ path, remote }) =>
    remote?.error ? [`${styleText('red', '✗')} ${path}: ${remote.error.message}`] : [],
  );
  const stray = Object.entries(strays).map(
    ([path, pin]) =>
      `${styleText('yellow', '!')} ${path}: pinned at ${pin.slice(0, SHORT)}, and not in .gitmodules`,
  );
  const table = rows.length > 0 ? [formatTable(head, rows)] : [];
  return [...table, ...errors, ...stray, sum(components, hasRemote)].join('\n');
}

function sum(components: readonly ComponentStatus[], hasRemote: boolean): string {
  const differ = components.filter(({ drift }) => drift.length > 0).length;
  const absent = components.filter(
    ({ local }) => local !== undefined && local.state !== 'present',
  ).length;
  const where = absent > 0 ? `, ${absent} not checked out here` : '';
  const count = `${components.length} ${components.length === 1 ? 'component' : 'components'}`;
  if (differ > 0)
    return `${count}: ${styleText('yellow', `${differ} ${differ === 1 ? 'differs' : 'differ'}`)}${where}.`;
  const what = hasRemote
    ? 'nothing differs, all pins are the tips of their branches'
    : 'nothing differs';
  return `${count}: ${styleText('green', what)}${where}.`;
}

function localWords(local: LocalStatus, pin: string | undefined): string {
  const {
    state,
    head,
    hasFiles,
    isDirty,
    underWay,
    ahead,
    behind,
    unpushed,
    isStaged,
    isConflicted,
  } = local;
  if (state !== 'present')
    return hasFiles
      ? styleText('yellow', 'no repository, but files: move them away, then skerry sp sync')
      : styleText('dim', 'not checked out');
  const isElsewhere = pin !== undefined && head?.commit !== pin;
  const words = [
    ...(isConflicted ? ['more than one pin after a merge'] : []),
    ...(isStaged ? ['new pin, not committed'] : []),
    ...(isElsewhere ? [distance(ahead, behind, head?.commit)] : []),
    ...(isDirty ? ['changed'] : []),
    ...(underWay === undefined ? [] : [`${underWay} is under way`]),
    ...(unpushed > 0 ? [`${unpushed} not pushed`] : []),
    ...local.overrides.map(
      ({ key, configured, isStale }) =>
        `${key} is ${shownUrl(configured)} in .git/config${isStale ? ', from before: skerry sp sync' : ''}`,
    ),
  ];
  const on = styleText('dim', head?.branch === undefined ? '(detached)' : `(on ${head.branch})`);
  if (words.length === 0) return `${styleText('green', 'at the pin')} ${on}`;
  return `${styleText('yellow', words.join(', '))} ${on}`;
}

function distance(
  ahead: number | undefined,
  behind: number | undefined,
  commit: string | undefined,
): string {
  if (ahead === undefined || behind === undefined)
    return `at ${commit?.slice(0, SHORT) ?? 'no commit'}`;
  if (behind === 0) return `${ahead} ahead of the pin`;
  return ahead === 0 ? `${behind} behind the pin` : `${ahead} ahead of the pin, ${behind} behind`;
}

function remoteWords({ relation, tip, behind, branch, isPinMissing }: RemoteStatus): string {
  const to = tip?.slice(0, SHORT) ?? '';
  const words = {
    same: styleText('green', 'up to date'),
    behind: styleText('yellow', `${behind} behind ${to}`),
    ahead: styleText('yellow', `the pin is ahead of ${branch} (${to})`),
    diverged: styleText('yellow', `the pin is not on ${branch} (${to})`),
    differs: styleText('yellow', `${branch} is at ${to}`),
    unpinned: styleText('yellow', `${branch} is at ${to}`),
    'branch-missing': styleText(
      'red',
      branch === undefined ? 'no default branch' : `no branch ${branch}`,
    ),
    unreadable: styleText('red', 'cannot be read'),
  }[relation];
  return isPinMissing ? `${words}, ${styleText('red', 'the pin cannot be had')}` : words;
}

/** 0 nothing differs; 4 all that differs is that remotes are not reached, so that nobody knows; 1 something differs. */
export function statusExit({ components, strays }: SuperprojectStatus): number {
  const differing = components.filter(({ drift }) => drift.length > 0);
  const isUnreached = ({ drift, remote }: ComponentStatus): boolean =>
    drift.every((each) => each === 'unreadable') && remote?.error?.exitCode === SP_EXIT.transient;
  if (Object.keys(strays).length > 0 || !differing.every(isUnreached)) return SP_EXIT.failure;
  return differing.length > 0 ? SP_EXIT.transient : 0;
}

/** The form of `--json`. */
export function statusJson({ components, ...rest }: SuperprojectStatus): object {
  return {
    ...rest,
    components: components.map(({ remote, local, ...one }) => ({
      ...one,
      ...(local && { local: { ...local, overrides: local.overrides.map(withoutCredentials) } }),
      ...(remote && {
        remote: { ...remote, ...(remote.error && { error: remote.error.toJSON() }) },
      }),
    })),
  };
}

/** A url in .git/config may have a token in it. */
function withoutCredentials(override: LocalStatus['overrides'][number]): object {
  const { configured, written } = override;
  const shown = written === undefined ? undefined : shownUrl(written);
  return { ...override, configured: shownUrl(configured), written: shown };
}
