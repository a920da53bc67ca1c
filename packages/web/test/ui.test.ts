// The UI in Debian's Chromium against the real stack: libvirt's test driver, agents, central and its web server.
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../skerry/src/cloud/central/database.ts';
import { Standing } from '../../skerry/src/cloud/central/standing.ts';
import { expectCount, expectText, violationsOf } from './support/page.ts';
import { addUsage, type Stack } from './support/stack.ts';
import type { TestBrowser } from './support/browser.ts';
import { startUi, type Ui } from './support/ui.ts';

let ui: Ui;
let stack: Stack;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  ui = await startUi();
  ({ stack, browser, page } = ui);
});
afterAll(() => ui?.[Symbol.asyncDispose]());

beforeEach(async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
});

test('a one-time link logs in, and is gone from the address', async () => {
  expect(page.url()).toBe(`${stack.url}/`);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  await expectText(page.getByRole('status').first(), 'Live');
});

test('a link that was used says what to do', async () => {
  const link = stack.loginLink('ben');
  const other = await browser.context.browser()?.newPage();
  const fresh = other ?? (await browser.context.newPage());
  stack.cloud.central.users.redeem(link.split('login=')[1] ?? '');
  await browser.context.clearCookies();
  await fresh.goto(link);
  await expectText(fresh.getByRole('alert'), 'ask for another one');
  await shot('login', fresh);
  await fresh.close();
  await open('/', stack.loginLink('ann'));
});

test('all hypervisors and machines are listed, by hypervisor', async () => {
  await open('/');
  for (const name of ['hv1', 'hv2', 'hv3']) await group(name).waitFor();
  await expectCount(page.locator('.vm-row'), 12);
  await expectText(row('web-1'), 'running');
  await expectText(row('old-wiki'), 'off');
  await shot('overview');
});

test('a start and a forced stop are seen at once, wherever they come from', async () => {
  await open(`/vm/${uuid('old-wiki')}`);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expectText(row('old-wiki'), 'running');
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('old-wiki')}/destroy`, {});
  await expectText(row('old-wiki'), 'off');
  await expectText(page.locator('.entity-title .pill'), 'off');
});

test('what disrupts is asked for twice', async () => {
  await open(`/vm/${uuid('mail')}`);
  await page.getByRole('button', { name: 'Force off', exact: true }).click();
  await expectText(row('mail'), 'running');
  await shot('confirm');
  await page.getByRole('dialog').getByRole('button', { name: 'Force off' }).click();
  await expectText(row('mail'), 'off');
});

test('a dialog begins where nothing is lost, and gives the focus back', async () => {
  await open(`/vm/${uuid('web-3')}`);
  const off = page.getByRole('button', { name: 'Force off', exact: true });
  await off.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  expect(await dialog.getByRole('button', { name: 'Cancel' }).evaluate(isFocused)).toBe(true);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await off.evaluate(isFocused)).toBe(true);
  await page.keyboard.press('n');
  await dialog.waitFor();
  expect(await dialog.getByLabel('Name').evaluate(isFocused)).toBe(true);
  await page.keyboard.press('Escape');
  await expectText(row('web-3'), 'running');
});

test('pages have titles, and the one that is open is marked', async () => {
  await open('/');
  const link = page.getByRole('navigation').getByRole('link', { name: 'Overview' }).first();
  expect(await link.getAttribute('aria-current')).toBe('page');
  expect(await page.title()).toBe('Overview · Skerry');
  await open(`/vm/${uuid('web-2')}/console`);
  await expect.poll(() => page.title()).toBe('web-2 · console · Skerry');
  expect(await link.getAttribute('aria-current')).toBeNull();
});

test('a refused verb is taken back, with the words of who refused it', async () => {
  await open(`/vm/${uuid('web-3')}`);
  // libvirt's test driver cannot migrate: central finds the place good, and libvirt says no.
  await page.keyboard.press('m');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'hv1' }).waitFor();
  await expectText(dialog.locator('.place.impossible'), 'cannot be reached');
  await shot('migrate');
  await dialog.getByRole('button', { name: 'Migrate' }).click();
  const toast = page.locator('.toast.bad');
  await expectText(toast, 'Migrate: web-3');
  await toast.getByRole('button', { name: 'Try again' }).waitFor();
  await expectText(row('web-3'), 'running');
  await expectText(group('hv2'), '2 / 4 on');
  await shot('refused');
  await toast.getByRole('button', { name: 'Dismiss' }).click();
});

test('the filter takes words, tags, states and hosts', async () => {
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('web-1')}/settags`, { tags: ['prod'] });
  await open('/');
  await page.keyboard.press('/');
  await page.keyboard.type('web -tag:prod');
  await expectCount(page.locator('.vm-row'), 2);
  await page.locator('#filter').fill('tag:prod state:running host:hv1');
  await expectCount(page.locator('.vm-row'), 1);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/vm/${uuid('web-1')}`);
  await page.locator('#filter').fill('nothing is called so');
  await expectText(page.locator('.roster'), 'Nothing matches');
  await shot('filter-empty');
  await page.getByRole('button', { name: 'Clear the filter' }).last().click();
  await expectCount(page.locator('.vm-row'), 12);
});

test('the palette does a verb for a machine by its words', async () => {
  await open('/');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('start build');
  await page.getByRole('option', { name: 'Start: build-runner' }).waitFor();
  await shot('palette');
  await page.keyboard.press('Enter');
  await expectText(row('build-runner'), 'running');
});

test('the keyboard walks, selects, and does a verb with many', async () => {
  await open('/');
  for (const key of ['j', 'j', 'j', 'x', 'j', 'x']) await page.keyboard.press(key);
  await expectText(page.locator('.bulk'), '2 selected');
  await page
    .locator('.bulk')
    .getByRole('button', { name: /^Shut down/ })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Shut down' }).click();
  await expectText(dialog, '2 of 2 done');
  await shot('bulk');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.keyboard.press('Escape');
  await page.locator('#filter').fill('web');
  await page.locator('#filter').blur();
  await page.keyboard.press('a');
  await expectText(page.locator('.bulk'), '3 selected');
  await page.locator('#filter').fill('');
  await page
    .locator('.bulk')
    .getByRole('button', { name: /^All \d+/ })
    .click();
  await expectText(page.locator('.bulk'), '12 selected');
  await page.locator('.bulk').getByRole('button', { name: 'More for' }).click();
  await page.getByRole('menuitem', { name: 'Pause' }).waitFor();
  const menu = await page.locator('.menu:popover-open').boundingBox();
  expect((menu?.y ?? 0) + (menu?.height ?? 0)).toBeLessThanOrEqual(900);
  await shot('bulk-menu');
  await page.keyboard.press('Escape');
  await page.locator('.bulk').getByRole('button', { name: 'Select none' }).click();
  await page.getByRole('button', { name: 'Group by tag' }).click();
  await page.locator('button.row-link', { hasText: 'prod' }).click();
  await expectText(page.locator('.bulk'), '1 selected');
  await shot('by-tag');
  await page.getByRole('button', { name: 'Group by hypervisor' }).click();
  await page.keyboard.press('Escape');
});

test('a machine dragged over hypervisors shows where it can go, and why not', async () => {
  await open('/');
  await row('web-1').hover();
  await page.mouse.down();
  const box = await page.locator('.tile', { hasText: 'hv2' }).boundingBox();
  await page.mouse.move((box?.x ?? 0) + 40, (box?.y ?? 0) + 60, { steps: 8 });
  await expectText(page.locator('.tile.drop-yes'), 'score');
  await expectText(page.locator('.tile.drop-no'), 'its libvirt cannot be reached by others');
  await shot('drag');
  await page.mouse.up();
  // Dropped: libvirt's test driver says no, and it is where it was.
  await expectText(page.locator('.toast.bad'), 'Migrate: web-1');
  await page.locator('.toast.bad').getByRole('button', { name: 'Dismiss' }).click();
});

test('snapshots are a tree', async () => {
  await open(`/vm/${uuid('gateway')}/snapshots`);
  for (const name of ['before', 'after']) {
    await page.getByRole('button', { name: 'Take snapshot', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name').fill(name);
    await page.getByRole('dialog').getByRole('button', { name: 'Take snapshot' }).click();
    await page.locator('.snapshot', { hasText: name }).waitFor();
  }
  await expectText(page.locator('.tree ul .snapshot.current'), 'after');
  await shot('snapshots-tree');
});

test('a machine is parked, and comes back on another hypervisor', async () => {
  // One without a disk: the others' are on hv2 alone, and keep them there.
  await stack.cloud.call('ann', 'POST', '/api/v1/hypervisors/hv2/alloc', {
    name: 'boat',
    diskGiB: 0,
  });
  await open(`/vm/${uuid('boat')}`);
  await page.getByRole('button', { name: 'More verbs' }).click();
  await page.getByRole('menuitem', { name: 'Park' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Park' }).click();
  await expectCount(row('boat'), 0);
  await page.getByRole('link', { name: 'Parked' }).first().click();
  await shot('parked-one');
  await page.getByRole('button', { name: 'Unpark' }).click();
  await expectCount(page.getByRole('dialog').getByRole('checkbox'), 1);
  const place = (name: string): Locator =>
    page.getByRole('dialog').locator('.place', { hasText: name });
  expect(await place('hv2').getByRole('radio').isChecked()).toBe(true);
  await expectText(place('hv3').locator('.place-parts'), 'memory');
  await shot('unpark');
  expect(await violationsOf(page)).toEqual([]);
  await place('hv3').getByRole('radio').check();
  await page.getByRole('dialog').getByRole('button', { name: 'Unpark' }).click();
  await row('boat').waitFor();
  await expectText(group('hv3'), '/ 3 on');
});

test('a hypervisor is evacuated, and what has to stay is said with its reason', async () => {
  await open('/hypervisor/hv3');
  await page.getByRole('button', { name: 'More verbs' }).click();
  await page.getByRole('menuitem', { name: 'Evacuate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Evacuate' }).click();
  const answer = page.locator('.answer');
  await expectText(answer, 'stays');
  await page.waitForTimeout(300);
  await shot('evacuated');
  await page.keyboard.press('Escape');
  await expectText(group('hv3'), 'drained');
  await page.locator('.verb-drain').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').uncheck();
  await dialog.getByRole('button', { name: 'Drain' }).click();
  await expectCount(group('hv3').locator('.tag'), 0);
});

test('what was typed wrong is said beside the field', async () => {
  await open(`/vm/${uuid('web-2')}`);
  await page.getByRole('button', { name: 'More verbs' }).click();
  await page.getByRole('menuitem', { name: 'Tags' }).click();
  await page.getByRole('dialog').getByLabel('Tags').fill('good !bad');
  await page.getByRole('dialog').getByRole('button', { name: 'Tags' }).click();
  await expectText(page.getByRole('dialog').locator('.hint.bad'), 'letters, digits');
  await shot('field-error');
  await page.keyboard.press('Escape');
});

test('charts are drawn in the colours of the theme', async () => {
  await open(`/vm/${uuid('web-2')}`);
  await page.locator('.uplot canvas').first().waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(300);
    const black = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.uplot canvas');
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
      let found = 0;
      for (let at = 0; at < (data?.length ?? 0); at += 4) {
        const [red = 1, green = 1, blue = 1, alpha = 0] = data?.subarray(at, at + 4) ?? [];
        if (alpha === 255 && red + green + blue === 0) found += 1;
      }
      return found;
    });
    // What no canvas understands is drawn in black.
    expect(black).toBe(0);
  }
});

test('charts go back further, and say so while there are no points', async () => {
  await open(`/vm/${uuid('web-2')}`);
  const back = page.getByRole('group', { name: 'How far back' });
  await back.getByRole('button', { name: '1 day' }).click();
  await expectText(page.locator('.charts'), 'A point each 10 min: none yet');
  addUsage(stack, `vm:${uuid('web-2')}`);
  await open(`/hypervisor/hv1`);
  await open(`/vm/${uuid('web-2')}`);
  await page.locator('.uplot canvas').first().waitFor();
  await page.locator('.uplot .u-over').first().hover();
  await expectText(page.locator('.chart-card figcaption small'), '/20');
  await shot('charts-day');
  await back.getByRole('button', { name: '2 min' }).click();
});

test('one talks with a machine, and it does what it is told', async () => {
  await open(`/vm/${uuid('cache')}/talk`);
  await page.getByRole('button', { name: 'how are you' }).click();
  await expectText(page.locator('.chat-line.it'), 'on hv1');
  await page.getByLabel('Message to cache').fill('start');
  await page.keyboard.press('Enter');
  await expectText(page.locator('.chat-line.it').nth(1), "I'm starting.");
  await expectText(row('cache'), 'running');
  await shot('talk');
});

test('a new machine is made where there is room, from the form of the verb', async () => {
  await open('/');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('fresh-1');
  await dialog.getByRole('radio', { name: 'hv3' }).waitFor();
  await shot('new-machine');
  await dialog.getByLabel('Disk (GiB)').fill('0');
  await dialog.getByRole('button', { name: /^Make it on/ }).click();
  await row('fresh-1').waitFor();
});

test('somebody with few permissions sees why a button is grey', async () => {
  stack.cloud.central.policies.update((policy) => ({
    ...policy,
    grants: [{ who: 'user:ben', scope: 'hypervisor:hv1', permissions: ['info', 'create'] }],
  }));
  await browser.context.clearCookies();
  await open(`/vm/${uuid('web-1')}`, stack.loginLink('ben'));
  await open(`/vm/${uuid('web-1')}`);
  await row('web-1').waitFor();
  await expectCount(page.locator('.group-row'), 1);
  const button = page.locator('.verb-destroy');
  await button.hover();
  await expect
    .poll(() => button.getAttribute('title'), { timeout: 5000 })
    .toContain("'destroy' is missing: here ben has create, info");
  await shot('denied');
  await expectCount(page.getByText('Open console'), 0);
  // The hypervisor itself he may not see, and what is on it he finds all the same.
  stack.cloud.central.policies.update((policy) => ({
    ...policy,
    grants: [{ who: 'user:ben', scope: `vm:${uuid('web-1')}`, permissions: ['info'] }],
  }));
  await open('/');
  await expectCount(page.locator('.tile .block'), 1);
  await expectText(page.locator('.tile'), 'you may not see the hypervisor itself');
  await expectCount(page.getByText('Drag a machine'), 0);
  await expectCount(page.locator('.tile-name[href], .group-row a'), 0);
  await shot('few-permissions');
  stack.cloud.central.policies.update((policy) => ({ ...policy, grants: [] }));
  await expectText(page.locator('.content'), 'Nothing is shared with you yet');
  await browser.context.clearCookies();
  await open('/', stack.loginLink('ann'));
});

const PAGES: readonly (readonly [string, () => string])[] = [
  ['overview', () => '/'],
  ['machine', () => `/vm/${uuid('web-2')}`],
  ['console', () => `/vm/${uuid('web-2')}/console`],
  ['snapshots', () => `/vm/${uuid('web-2')}/snapshots`],
  ['drives', () => `/vm/${uuid('web-2')}/drives`],
  ['xml', () => `/vm/${uuid('web-2')}/xml`],
  ['permissions', () => `/vm/${uuid('web-2')}/permissions`],
  ['schedule', () => `/vm/${uuid('web-2')}/schedule`],
  ['talk', () => `/vm/${uuid('web-2')}/talk`],
  ['machine-log', () => `/vm/${uuid('web-2')}/log`],
  ['hypervisor', () => '/hypervisor/hv1'],
  ['networks', () => '/hypervisor/hv1/networks'],
  ['log', () => '/log'],
  ['parked', () => '/parked'],
];

test.each(PAGES)('%s: axe finds nothing serious, in light and in dark', async (name, path) => {
  await open(path());
  await page.waitForTimeout(300);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violationsOf(page)).toEqual([]);
    await shot(`${name}-${colorScheme}`);
  }
});

test.each(['permissions', 'schedule'])('%s asks for nothing twice', async (tab) => {
  const asked: string[] = [];
  const note = (request: { method(): string; url(): string }): void => {
    if (request.method() === 'POST') asked.push(request.url());
  };
  page.on('request', note);
  await open(`/vm/${uuid('web-2')}/${tab}`);
  await page.waitForTimeout(1500);
  page.off('request', note);
  expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
});

test('on a phone: the list, then a page, with power and console', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open('/');
  await row('web-2').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await shot('phone-list');
  await row('web-2').click();
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await expectCount(page.locator('.roster:visible'), 0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await shot('phone-machine');
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('link', { name: 'Console', exact: true }).click();
  await page.locator('.console').waitFor();
  await shot('phone-console');
  await page.getByRole('link', { name: 'Back to the machines' }).click();
  await row('web-2').waitFor();
});

test('a lost connection is said, and what was missed is there when it is back', async () => {
  await open('/');
  await row('metrics').waitFor();
  stack.cable.set('refuse');
  stack.cable.cut();
  await expectText(page.locator('.banner'), 'The connection to central is lost.');
  // Nobody knows of the machines: a cloud that ended has taken those of a dev cloud with it.
  expect(await page.locator('.banner').textContent()).not.toContain('machines');
  await shot('lost');
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('metrics')}/suspend`, {});
  stack.cable.set('up');
  await expectText(row('metrics'), 'paused');
  await expectCount(page.locator('.banner'), 0);
});

test('on a standby one looks, and is told where to go', async () => {
  await open('/');
  const url = 'https://cloud2.example.org:8443';
  {
    using database = openDatabase(join(stack.cloud.dir, 'central'));
    const bus = { domain: 'bus', host: 'cloud2.example.org', port: 5222, password: '' };
    const membership = { address: 'central-2', url, ca: '', bus };
    new Standing(database).peer = { name: bus.host, url, membership };
  }
  // As if cloud2 had said so.
  const said = { name: 'cloud2.example.org', active: 'cloud2.example.org', since: Date.now() };
  stack.cloud.central.leadership.heard({ ...said, role: 'active', term: 1 });
  await expectText(page.locator('.stand'), 'central is a standby.');
  expect(await page.locator('.stand a').getAttribute('href')).toBe(url);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violationsOf(page)).toEqual([]);
    await shot(`standby-${colorScheme}`);
  }
  const refused = await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('cache')}/suspend`, {});
  expect(refused).toMatchObject({
    status: 409,
    body: { error: { message: `central is a standby: ask ${url}, which is active` } },
  });
  await page.setViewportSize({ width: 390, height: 844 });
  await open('/');
  await row('cache').click();
  await expectText(page.locator('.stand'), 'which is active');
  await shot('standby-phone');
});

function isFocused(element: Element): boolean {
  return element === document.activeElement;
}

const row = (name: string): Locator => ui.row(name);
const group = (name: string): Locator => ui.group(name);
const uuid = (name: string): string => ui.uuid(name);
const open = (path: string, link?: string): Promise<void> => ui.open(path, link);
const shot = (name: string, of?: Page): Promise<void> => ui.shot(name, of);
