// People in the UI: users, roles, grants, one's own account, in Chromium against the real stack.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildWeb } from './support/build-web.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { expectCount, expectText, violationsOf } from './support/page.ts';
import { type Stack, startStack } from './support/stack.ts';

const SHOTS = join(import.meta.dirname, 'shots');

let stack: Stack;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  stack = await startStack(await buildWeb());
  browser = await startBrowser();
  ({ page } = browser);
  await page.goto(stack.loginLink('ann'));
  await page.locator('.vm-row').first().waitFor();
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
});

test('a user is added, and the link is shown this once', async () => {
  await open('/people');
  await page.getByRole('button', { name: 'Add a user', exact: true }).click();
  await dialog().getByRole('textbox', { name: 'Name' }).fill('dora');
  await dialog().getByLabel('watcher').check();
  await shot('people-add');
  expect(await violationsOf(page)).toEqual([]);
  await dialog().getByRole('button', { name: 'Add, and make a link' }).click();
  const link = await dialog().getByLabel('Give it to dora').inputValue();
  expect(link).toMatch(new RegExp(`^${stack.url}/#login=[\\w-]{43}$`));
  await shot('people-link');
  expect(await violationsOf(page)).toEqual([]);
  await dialog().getByRole('button', { name: 'Done' }).click();
  await expectText(userRow('dora'), 'watcher');
  await expectText(userRow('dora'), 'never');
  expect(stack.cloud.central.users.redeem(link.split('login=')[1] ?? '')).toBe('dora');
});

test('a name that is taken is said in the form, and it stays open', async () => {
  await open('/people');
  await page.getByRole('button', { name: 'Add a user', exact: true }).click();
  await dialog().getByRole('textbox', { name: 'Name' }).fill('ben');
  await dialog().getByRole('button', { name: 'Add, and make a link' }).click();
  await expectText(dialog().getByRole('alert'), "there is a user 'ben' already");
  await page.keyboard.press('Escape');
  await expectCount(dialog(), 0);
});

test('roles of a user are changed, and changed back', async () => {
  await open('/people');
  await menu('ben', 'Roles…');
  await dialog().getByLabel('operator').check();
  await dialog().getByLabel('Administrator').check();
  await expectText(dialog().locator('.differences'), '+ given: operator');
  await shot('people-roles');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await expectText(userRow('ben'), 'administratoroperator');
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expectText(userRow('ben'), 'no roles');
});

test('a role is made, changed with a look at what changes, and that is undone', async () => {
  await open('/people');
  await page.getByRole('button', { name: 'New role' }).click();
  await dialog().getByRole('textbox', { name: 'Name' }).fill('pauser');
  await dialog().getByLabel('Find a permission').fill('pau');
  await dialog()
    .getByRole('checkbox', { name: /^Pause/ })
    .check();
  await dialog().getByLabel('cleo').check();
  await dialog().getByRole('button', { name: 'Make it' }).click();
  await expectText(roleRow('pauser'), 'suspend');
  await expectText(roleRow('pauser'), 'cleo');
  await clearToasts();
  await roleRow('operator').getByRole('button', { name: 'Change' }).click();
  await dialog()
    .getByRole('checkbox', { name: /^Clone/ })
    .check();
  await dialog().getByRole('checkbox', { name: /^Tags/ }).uncheck();
  await expectText(dialog().locator('.differences'), '+ given: clone');
  await expectText(dialog().locator('.differences'), '− taken: settags');
  await shot('people-role');
  expect(await violationsOf(page)).toEqual([]);
  await dialog().getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => operator().includes('clone')).toBe(true);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => operator().includes('clone')).toBe(false);
  expect(operator()).toContain('settags');
  await clearToasts();
});

test('a role is renamed and removed, and comes back with its grants', async () => {
  await open('/people');
  await stack.cloud.call('ann', 'POST', '/api/v1/central/grant_set', {
    who: 'role:pauser',
    scope: 'tag:web',
  });
  await roleRow('pauser').getByRole('button', { name: 'Change' }).click();
  await dialog().getByRole('textbox', { name: 'Name' }).fill('stopper');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await expectText(roleRow('stopper'), 'web');
  await clearToasts();
  await roleRow('stopper').getByRole('button', { name: 'Remove the role' }).click();
  await expectText(dialog(), 'cleo had it, and 1 grant of it goes along.');
  await shot('people-role-remove');
  await dialog().getByRole('button', { name: 'Remove' }).click();
  await expectCount(roleRow('stopper'), 0);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expectText(roleRow('stopper'), 'web');
  await clearToasts();
});

test('something is granted for a hypervisor, and taken away again', async () => {
  await open('/people');
  await card('Grants').getByRole('button', { name: 'Grant', exact: true }).click();
  await dialog().getByLabel('Who').selectOption('user:ben');
  await dialog().getByLabel('For', { exact: true }).selectOption('hypervisor');
  await dialog().getByLabel('Hypervisor', { exact: true }).selectOption('hypervisor:hv1');
  await dialog().getByRole('checkbox', { name: 'Info info' }).check();
  await dialog().getByRole('checkbox', { name: 'Start create' }).check();
  await expectText(dialog().locator('.differences'), 'For hv1 and its machines, at once.');
  await shot('people-grant');
  expect(await violationsOf(page)).toEqual([]);
  await dialog().getByRole('button', { name: 'Save' }).click();
  await expectText(grantRow('ben'), 'hv1');
  await clearToasts();
  await grantRow('ben').getByRole('button', { name: 'Take it from ben' }).click();
  await expectCount(grantRow('ben'), 0);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expectText(grantRow('ben'), 'create');
  await clearToasts();
});

test('one sees the cloud as somebody else, and why they may not', async () => {
  await open('/people');
  await page.getByRole('link', { name: 'ben', exact: true }).click();
  await expectText(card('As ben sees it'), 'web-1');
  await shot('user');
  expect(await violationsOf(page)).toEqual([]);
  await card('As ben sees it').getByRole('link', { name: 'web-1' }).click();
  await expectText(page.locator('.explained .bad', { hasText: 'Force off' }), 'here ben has');
  expect(await page.getByLabel('For whom').inputValue()).toBe('ben');
  await shot('see-as');
  await page.getByLabel('For whom').selectOption('ann');
});

test("a machine's own grant is given on its page", async () => {
  await page.getByRole('button', { name: 'Grant', exact: true }).click();
  await dialog().getByLabel('Who').selectOption('role:operator');
  await expectText(dialog().locator('.differences'), '+ given: operator');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await expectText(card('Granted for this one'), 'operator role');
  await clearToasts();
});

test('what goes with a user is said before', async () => {
  stack.cloud.central.users.issue('dora', 'session');
  stack.cloud.central.users.issue('dora', 'token', 'monitor');
  await open('/people');
  await menu('dora', 'Remove…');
  await expectText(dialog(), '1 role: watcher');
  await expectText(dialog(), '1 token: what uses it is refused');
  await dialog().getByLabel('Type dora').fill('dora');
  await shot('people-remove');
  await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
  await expectCount(userRow('dora'), 0);
  await clearToasts();
});

test("one's own password and tokens", async () => {
  await open('/account');
  await page.getByLabel('New password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Set it' }).click();
  await page.getByLabel('Old password').fill('not the one it was');
  await page.getByLabel('New password').fill('another good one');
  await page.getByRole('button', { name: 'Set it' }).click();
  await expectText(page.getByRole('alert').first(), 'the old password is wrong');
  await shot('account-wrong');
  await page.getByRole('button', { name: 'New token' }).click();
  await dialog().getByLabel('What it is for').fill('backup');
  await dialog().getByRole('button', { name: '30' }).click();
  await dialog().getByRole('button', { name: 'Make it' }).click();
  const token = await dialog().getByLabel('Whoever has it is you').inputValue();
  await shot('token');
  await dialog().getByRole('button', { name: 'Done' }).click();
  expect(stack.cloud.central.users.userOf(token, 'token')).toBe('ann');
  await page.getByRole('button', { name: 'Revoke backup' }).click();
  await dialog().getByRole('button', { name: 'Revoke' }).click();
  await expectCount(page.getByRole('button', { name: 'Revoke backup' }), 0);
  expect(stack.cloud.central.users.userOf(token, 'token')).toBeUndefined();
  await clearToasts();
});

test.each([
  ['people', '/people'],
  ['user', '/people/ben'],
  ['account', '/account'],
])('%s: axe finds nothing serious, in light and dark, and on a phone', async (name, path) => {
  await open(path);
  await page.waitForTimeout(300);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violationsOf(page)).toEqual([]);
    await shot(`${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(await violationsOf(page)).toEqual([]);
  await shot(`phone-${name}`);
});

test('somebody who may not administer is told so, and is logged out when removed', async () => {
  await browser.context.clearCookies();
  await page.goto(stack.loginLink('cleo'));
  await page.reload();
  await page.goto(`${stack.url}/people`);
  await page.getByText('Only an administrator sees all people').waitFor();
  await stack.cloud.call('ann', 'POST', '/api/v1/central/user_remove', { user: 'cleo' });
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  const known = /Failed to load resource|net::ERR|WebSocket connection/;
  expect(browser.complaints.filter((text) => !known.test(text))).toEqual([]);
});

function dialog(): Locator {
  return page.getByRole('dialog');
}

function card(title: string): Locator {
  return page.locator('.card', { has: page.getByRole('heading', { name: title, exact: true }) });
}

function rowOf(title: string, name: string): Locator {
  return card(title).locator('tbody tr', {
    has: page.locator('th', { hasText: new RegExp(`^.?${name}( |$)`) }),
  });
}

const userRow = (name: string): Locator => rowOf('Users', name);
const roleRow = (name: string): Locator => rowOf('Roles', name);
const grantRow = (name: string): Locator => rowOf('Grants', name);

function operator(): readonly string[] {
  return stack.cloud.central.policies.policy.roles['operator'] ?? [];
}

async function menu(user: string, item: string): Promise<void> {
  await userRow(user).getByRole('button', { name: 'What can be done with' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

async function clearToasts(): Promise<void> {
  const dismiss = page.locator('.toast').getByRole('button', { name: 'Dismiss' });
  while ((await dismiss.count()) > 0) {
    // One that goes by itself meanwhile is no longer there to be pressed.
    const press = dismiss.first().click({ timeout: 1000 });
    await press.catch(() => {});
  }
}

async function open(path: string): Promise<void> {
  await page.goto(`${stack.url}${path}`);
  await page.locator('main h1').first().waitFor();
}

async function shot(name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
