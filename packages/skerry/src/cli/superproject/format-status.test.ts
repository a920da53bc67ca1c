import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { SkerryError } from '../../util/errors.ts';
import type { LocalStatus } from '../../superproject/checkout/status-local.ts';
import type { ComponentStatus } from '../../superproject/checkout/status.ts';
import { formatStatus, statusExit, statusJson } from './format-status.ts';

const PIN = '1111111111111111111111111111111111111111';
const TIP = '2222222222222222222222222222222222222222';

const local: LocalStatus = {
  state: 'present',
  head: { commit: PIN, branch: undefined },
  hasFiles: false,
  isDirty: false,
  underWay: undefined,
  ahead: 0,
  behind: 0,
  unpushed: 0,
  isStaged: false,
  isConflicted: false,
  overrides: [],
};
const calm: ComponentStatus = {
  ...{ name: 'calm', path: 'calm', pin: PIN, branch: 'main', local },
  remote: { branch: 'main', tip: PIN, relation: 'same', behind: 0, isPinMissing: false },
  drift: [],
};

function shown(components: readonly ComponentStatus[], isAll = false): string {
  return stripVTControlCharacters(
    formatStatus({ components, strays: {}, connections: 0 }, { isAll }),
  );
}

test('a calm superproject is one line', () => {
  expect(shown([calm, { ...calm, path: 'other' }])).toBe(
    '2 components: nothing differs, all pins are the tips of their branches.',
  );
});

test('no token of a url in .git/config is shown', () => {
  const configured = 'https://me:s3cret@example.org/x.git';
  const overrides = [{ key: 'url', configured, written: configured, isStale: false } as const];
  const one: ComponentStatus = {
    ...calm,
    local: { ...local, overrides },
    drift: ['url-override'],
  };
  const all = { components: [one], strays: {}, connections: 0 };
  const text = shown([one]) + JSON.stringify(statusJson(all));
  expect(text).toContain('https://example.org/x.git');
  expect(text).not.toContain('s3cret');
});

test('only what differs has a line, with what differs', () => {
  const busy: ComponentStatus = {
    ...calm,
    path: 'libs/busy',
    local: {
      ...local,
      head: { commit: TIP, branch: 'topic' },
      isDirty: true,
      ahead: 2,
      unpushed: 2,
    },
    remote: { branch: 'main', tip: TIP, relation: 'behind', behind: 4, isPinMissing: false },
    drift: ['dirty', 'unpushed', 'head', 'tip'],
  };
  const gone: ComponentStatus = {
    ...calm,
    path: 'gone',
    local: { ...local, state: 'absent', head: undefined },
    remote: {
      branch: 'dev',
      tip: undefined,
      relation: 'branch-missing',
      behind: undefined,
      isPinMissing: true,
    },
    drift: ['branch-missing', 'pin-missing'],
  };
  expect(`\n${shown([calm, busy, gone])}\n`).toMatchInlineSnapshot(`
    "
    COMPONENT  BRANCH  PIN           HERE                                                  REMOTE
    libs/busy  main    111111111111  2 ahead of the pin, changed, 2 not pushed (on topic)  4 behind 222222222222
    gone       main    111111111111  not checked out                                       no branch dev, the pin cannot be had
    3 components: 2 differ, 1 not checked out here.
    "
  `);
  const spoilt: ComponentStatus = { ...gone, local: { ...local, state: 'bare', hasFiles: true } };
  expect(shown([spoilt])).toContain('no repository, but files');
  expect(shown([calm, busy, gone], true)).toContain('calm       main');
});

test('the exit code tells drift from remotes that were not reached', () => {
  const unread = (code: 'SP_TRANSIENT' | 'SP_DENIED'): ComponentStatus => {
    const data = {
      host: 'h',
      url: 'h',
      where: '',
      action: 'x',
      reason: '',
      command: '',
      tries: '',
    };
    const error = new SkerryError(code, { data });
    const remote = { ...calm.remote!, relation: 'unreadable' as const, error };
    return { ...calm, remote, drift: ['unreadable'] };
  };
  const away = unread('SP_TRANSIENT');
  const exit = (components: ComponentStatus[], strays = {}): number =>
    statusExit({ components, strays, connections: 0 });
  expect(exit([calm])).toBe(0);
  expect(exit([calm, away])).toBe(4);
  expect(exit([calm, unread('SP_DENIED')])).toBe(1);
  expect(exit([away, { ...calm, drift: ['tip'] }])).toBe(1);
  expect(exit([{ ...away, drift: ['dirty', 'unreadable'] }])).toBe(1);
  expect(exit([away], { path: PIN })).toBe(1);
});
