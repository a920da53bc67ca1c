// Work in the UI against libvirt's test driver: machines that are made, set back and rebooted, what libvirt says to that, and lines
// that are cut.
import { randomUUID } from 'node:crypto';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectCount, expectText, violationsOf } from './support/page.ts';
import type { Stack } from './support/stack.ts';
import { startUi, type Ui } from './support/ui.ts';

let ui: Ui;
let stack: Stack;
let page: Page;

beforeAll(async () => {
  ui = await startUi();
  ({ stack, page } = ui);
});
afterAll(() => ui?.[Symbol.asyncDispose]());

test('what was filled in for a new machine stays until it is made', async () => {
  await open('/');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await expectText(dialog, 'skerry image build debian-12');
  await shot('new-machine-no-image');
  await dialog.getByRole('button', { name: 'From XML' }).click();
  const wrong = `<domain type='test'><name>by-xml</name><memory>lots</memory></domain>`;
  await dialog.getByLabel('XML').fill(wrong);
  await dialog.getByRole('button', { name: /^Make it on/ }).click();
  await expectText(dialog.locator('.problem'), 'It was not made');
  expect(await dialog.getByLabel('XML').inputValue()).toBe(wrong);
  await shot('new-machine-refused');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.keyboard.press('n');
  expect(await dialog.getByLabel('XML').inputValue()).toBe(wrong);
  const right = `<domain type='test'><name>by-xml</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
  await dialog.getByLabel('XML').fill(right);
  await dialog.getByRole('button', { name: /^Make it on/ }).click();
  await row('by-xml').waitFor();
  await dialog.waitFor({ state: 'detached' });
  await page.keyboard.press('n');
  expect(await dialog.getByLabel('Name').inputValue()).toBe('');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
});

test('a new machine that is refused after the form was closed is changed and tried again', async () => {
  await open('/');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('web-1');
  await dialog.getByLabel('Disk (GiB)').fill('0');
  // It takes its time.
  const closed = Promise.withResolvers<void>();
  await page.route('**/alloc', async (route) => {
    await closed.promise;
    await route.continue();
  });
  await dialog.getByRole('radio', { name: 'hv1' }).check();
  await dialog.getByRole('button', { name: 'Make it on hv1' }).click();
  await expectText(dialog.getByRole('status'), 'It goes on when you close this');
  // The pointer is over a button that does nothing now: it looks like that.
  const making = dialog.getByRole('button', { name: 'Making it…' });
  const fill = (): Promise<string> =>
    making.evaluate((element) => getComputedStyle(element).backgroundColor);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const hovered = await fill();
  await page.mouse.move(0, 0);
  await expect.poll(fill).toBe(hovered);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violationsOf(page)).toEqual([]);
    await shot(`new-machine-busy-${colorScheme}`);
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  closed.resolve();
  const toast = page.locator('.toast.bad');
  await toast.getByRole('button', { name: 'Change and try again' }).click();
  await page.unroute('**/alloc');
  expect(await dialog.getByLabel('Name').inputValue()).toBe('web-1');
  await expectText(dialog.locator('.problem'), 'It was not made');
  await dialog.getByLabel('Name').fill('web-9');
  await expectCount(dialog.locator('.problem'), 0);
  await dialog.getByRole('button', { name: 'Make it on hv1' }).click();
  await row('web-9').waitFor();
});

test('a machine is reached at the address that its page shows, and found by it', async () => {
  for (const name of ['reached', 'strange;id']) {
    const xml = `<domain type='test'><name>${name}</name><memory>65536</memory><os><type>hvm</type></os>
      <devices><interface type='network'><source network='default'/></interface></devices></domain>`;
    await stack.cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', { xml });
  }
  await row('reached').waitFor();
  await open(`/vm/${uuid('reached')}`);
  await expectText(page.locator('.facts'), 'Addressnone');
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('reached')}/create`, {});
  const address = page.locator('.entity-line .copy-text');
  await expectText(address, '192.168.122.');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await address.getByRole('button').click();
  await address.getByTitle('Copied').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(await address.textContent());
  await expectText(page.locator('.facts'), 'Log inskerry vm ssh reached');
  // A name that a shell would take for more than a name is not handed to it.
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('strange;id')}/create`, {});
  await open(`/vm/${uuid('strange;id')}`);
  await expectText(page.locator('.facts'), `Log inskerry vm ssh ${uuid('strange;id')}`);
  await open(`/vm/${uuid('reached')}`);
  await page.locator('#filter').fill(copied.slice(0, -1));
  await row('reached').waitFor();
  await expectCount(row('web-1'), 0);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violationsOf(page)).toEqual([]);
    await shot(`machine-address-${colorScheme}`);
  }
  await page.locator('#filter').fill('');
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('reached')}/destroy`, {});
  await expectCount(address, 0);
});

test('the keys that were given last are there for the next machine, and a private one is in no log', async () => {
  const key =
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIj3kFTze3X9Jbxp5iM/GtjXZ5WKzRy7xtinTumgYTla ann@laptop';
  await open('/');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  const keys = dialog.getByLabel('SSH keys');
  await dialog.getByLabel('Name').fill('with-keys');
  await dialog.getByLabel('Disk (GiB)').fill('0');
  await keys.fill('-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0');
  await dialog.getByRole('button', { name: /^Make it on/ }).click();
  await expectText(dialog.locator('.field .hint.bad'), 'give the public one');
  await keys.fill(key);
  await dialog.getByRole('button', { name: /^Make it on/ }).click();
  await row('with-keys').waitFor();
  await page.keyboard.press('n');
  expect(await keys.inputValue()).toBe(key);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  const log = JSON.stringify(await stack.cloud.call('ann', 'GET', '/api/v1/audit'));
  expect(log).toContain('with-keys');
  expect(log).not.toMatch(/PRIVATE KEY|c2VjcmV0/);
});

test('a machine goes back to a snapshot, when one means it', async () => {
  const id = uuid('gateway');
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${id}/snapshot_take`, { name: 'before' });
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${id}/suspend`, {});
  await open(`/vm/${id}/snapshots`);
  await expectText(row('gateway'), 'paused');
  await page
    .locator('.snapshot', { hasText: 'before' })
    .getByRole('button', { name: /Revert/ })
    .click();
  const dialog = page.getByRole('dialog');
  await shot('revert');
  await dialog.getByRole('button', { name: /Revert/ }).click();
  await expectText(row('gateway'), 'running');
});

test('a machine that is parked and wanted no more is deleted, when its name is typed', async () => {
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('test-vm')}/park`, {});
  await open('/parked');
  await page.getByRole('button', { name: 'Delete test-vm' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Type test-vm').fill('test');
  const button = dialog.getByRole('button', { name: 'Delete', exact: true });
  expect(await button.getAttribute('aria-disabled')).toBe('true');
  await shot('parked-delete');
  await dialog.getByLabel('Type test-vm').fill('test-vm');
  await button.click();
  await expectText(page.locator('.content'), 'No machine is parked');
  expect(stack.cloud.central.parking.list()).toEqual([]);
});

test('a machine is rebooted, and the log says who did it', async () => {
  const id = uuid('web-2');
  await open(`/vm/${id}`);
  await page.getByRole('button', { name: 'Reboot', exact: true }).click();
  const sure = page.getByRole('dialog').getByRole('button', { name: 'Reboot' });
  if (await sure.isVisible().catch(() => false)) await sure.click();
  await expectText(page.locator('.dock'), 'Reboot web-2, you');
  await page.getByRole('link', { name: 'Log', exact: true }).last().click();
  const line = page.locator('tbody tr', { hasText: 'Reboot' });
  await expectText(line, 'ann');
});

test('what libvirt says is shown in full, with who asked for it, and to others as well', async () => {
  const id = uuid('web-3');
  const { body } = await stack.cloud.call('ann', 'POST', `/api/v1/vms/${id}/migrate`, {
    target: 'hv1',
  });
  const message = String(body.error?.message);
  expect(message).toContain('virDomainMigrate');
  await open(`/vm/${id}`);
  await page.keyboard.press('m');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'hv1' }).check();
  await dialog.getByRole('button', { name: 'Migrate' }).click();
  const toast = page.locator('.toast.bad');
  await expectText(toast, message);
  // The tasks that tell of it are not under it, and one sees that there is more to read.
  await page.locator('.dock-head').click();
  const tasks = await page.locator('.dock').boundingBox();
  const said = await toast.boundingBox();
  expect((said?.y ?? 0) + (said?.height ?? 0)).toBeLessThan(tasks?.y ?? 0);
  const cut = page.locator('.task-message').first();
  expect(await cut.evaluate((text) => getComputedStyle(text).textOverflow)).toBe('ellipsis');
  await shot('toast-and-tasks');
  await page.locator('.dock-head').click();
  await toast.getByRole('button', { name: 'Dismiss' }).click();
  await open(`/vm/${id}/log`);
  const line = page.locator('tbody tr', { hasText: message });
  await expectText(line, 'ann');
  await expectText(line, 'target: hv1');
  expect(await line.first().textContent()).not.toContain('targetTags');
  await shot('libvirt-says');
});

test('the log is searched to its beginning, and what was only read is left out', async () => {
  const id = `vm:${uuid('cache')}`;
  const note = (at: number, verb: string, user: string): boolean =>
    stack.cloud.central.audit.add({
      ...{ id: randomUUID(), at, verb, entity: id, name: 'cache', hypervisor: 'hv1' },
      ...{ by: { user, via: 'web' }, outcome: 'done', message: '', params: {}, durationMs: 5 },
    });
  const before = Date.now() - 3_600_000;
  for (let line = 0; line < 250; line += 1) note(before + line, 'screenshot', 'ann');
  for (const at of [1, 2, 3]) note(before - at, 'suspend', 'zoe');
  await open('/log');
  const lines = page.locator('.log-table tbody tr');
  await lines.first().waitFor();
  await page.getByLabel('Filter the log').fill('zoe pause');
  await expectCount(lines, 3);
  await expectCount(page.getByRole('button', { name: 'Show older lines' }), 0);
  await page.getByLabel('Filter the log').fill('-x');
  await expectText(page.locator('.content'), 'Nothing matches');
  await open(`/vm/${uuid('cache')}/log`);
  await expectCount(lines, 3);
  await page.getByRole('checkbox', { name: 'What was only read, too' }).check();
  await expectCount(lines, 100);
  await page.getByRole('button', { name: 'Show older lines' }).click();
  await expectCount(lines, 200);
});

test('a time without a zone is one of whoever looks', async () => {
  await open(`/vm/${uuid('mail')}/schedule`);
  await page.getByLabel('When').fill('2099-01-31T03:00');
  await page.getByRole('button', { name: 'Schedule', exact: true }).click();
  await page.locator('tbody code').waitFor();
  expect(await page.locator('tbody code').textContent()).toMatch(/T03:00[+-]\d\d:\d\d$/);
  await shot('scheduled');
});

test('by tag, a machine is under each of its tags, and the keyboard walks over all of them', async () => {
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('web-1')}/settags`, {
    tags: ['prod', 'ui'],
  });
  await open('/');
  await page.getByRole('button', { name: 'Group by tag' }).click();
  await expectCount(row('web-1'), 2);
  for (let step = 0; step < 5; step += 1) await page.keyboard.press('j');
  await expectText(page.locator('.group-row.cursor'), 'without a tag');
  await page.locator('#filter').fill('web-1');
  await page.locator('#filter').blur();
  await page.keyboard.press('a');
  await expectText(page.locator('.bulk'), '1 selected');
  await shot('by-tags');
  await page.keyboard.press('Escape');
  await page.locator('#filter').fill('');
  await page.getByRole('button', { name: 'Group by hypervisor' }).click();
});

test('many machines on one hypervisor have their names on the map', async () => {
  for (let each = 1; each <= 11; each += 1)
    await stack.cloud.call('ann', 'POST', '/api/v1/hypervisors/hv3/alloc', {
      ...{ name: `node-${each}`, diskGiB: 0, memoryMiB: 512 },
    });
  await open('/');
  const tile = page.locator('.tile', { hasText: 'hv3' });
  await tile.locator('.block', { hasText: 'node-11' }).waitFor();
  await tile.scrollIntoViewIfNeeded();
  const names = tile.locator('.block-name > span:last-child', { hasText: 'node-' });
  await expectCount(names, 11);
  for (const name of await names.all()) expect(await name.isVisible()).toBe(true);
  await shot('tile-of-many');
});

test('on a phone, the log, drives and maps are not squeezed', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto(`${stack.url}/log`);
    await page.locator('.log-table tbody tr').first().waitFor();
    expect((await page.locator('.log-table th').last().boundingBox())?.width).toBeGreaterThan(150);
    expect(await violationsOf(page)).toEqual([]);
    await shot(`phone-log-${colorScheme}`);
    await page.goto(`${stack.url}/map`);
    await page.locator('.tile .block').first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await shot(`phone-map-${colorScheme}`);
  }
  await page.goto(`${stack.url}/vm/${uuid('web-2')}/drives`);
  const path = page.locator('.drives .path');
  await path.waitFor();
  expect((await path.boundingBox())?.width).toBeGreaterThan(100);
  await shot('phone-drives');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('a link that is pasted into the login page logs in', async () => {
  await page.context().clearCookies();
  await open('/');
  await expectText(page.locator('.login'), 'skerry cloud user link NAME');
  await shot('login-page');
  const { hash } = new URL(stack.loginLink('ann'));
  await page.evaluate((pasted) => void (location.hash = pasted), hash);
  await row('web-1').waitFor();
  expect(page.url()).not.toContain('login');
});

test('a line that was cut without a word is found, and what was missed is there soon after', async () => {
  await open('/');
  await row('metrics').waitFor();
  stack.cable.set('hole');
  await expectText(page.locator('.banner'), 'The connection to central is lost.');
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('metrics')}/resume`, {});
  stack.cable.set('up');
  await expectText(row('metrics'), 'running');
  await expectCount(page.locator('.banner'), 0);
  stack.cable.cut();
});

test('what was done while the line was cut is in the log that is open', async () => {
  await open('/log');
  await row('metrics').waitFor();
  const lines = page.locator('tbody tr', { hasText: 'Reboot' }).filter({ hasText: 'mail' });
  await expectCount(lines, 0);
  stack.cable.set('refuse');
  stack.cable.cut();
  await expectText(page.locator('.banner'), 'The connection to central is lost.');
  await stack.cloud.call('ann', 'POST', `/api/v1/vms/${uuid('mail')}/reboot`, {});
  stack.cable.set('up');
  await expectCount(page.locator('.banner'), 0);
  await expectCount(lines, 1);
});

test("what one has begun is nobody else's who logs in after, and what one may is seen at once", async () => {
  const { users, policies } = stack.cloud.central;
  const secret = 'a long password';
  const maker = ['alloc', 'info'];
  await users.setPassword('ben', secret);
  policies.setGrant('user:ben', 'hypervisor:hv1', ['info']);
  policies.setGrant('user:ben', 'hypervisor:hv2', maker);
  await open('/');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'From XML' }).click();
  await dialog.getByLabel('XML').fill("<graphics type='vnc' passwd='ann'/>");
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.locator('#filter').fill('web');
  await page.getByRole('button', { name: 'You and this page' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByLabel('Name').fill('ben');
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
  await row('mail').waitFor();
  expect(await page.locator('#filter').inputValue()).toBe('');
  await page.keyboard.press('n');
  const fromImage = dialog.getByRole('button', { name: 'From an image' });
  expect(await fromImage.getAttribute('aria-pressed')).toBe('true');
  expect(await dialog.getByLabel('SSH keys').inputValue()).toBe('');
  await dialog.getByRole('button', { name: 'From XML' }).click();
  expect(await dialog.getByLabel('XML').inputValue()).toBe('');
  const hv1 = dialog.getByRole('radio', { name: 'hv1' });
  await expectText(dialog.locator('.place-why'), "you lack the permission 'alloc'");
  policies.setGrant('user:ben', 'hypervisor:hv1', maker);
  await expect.poll(() => hv1.isEnabled()).toBe(true);
  policies.update((policy) => ({ ...policy, grants: [] }));
  await page.context().clearCookies();
  await ui.open('/', stack.loginLink('ann'));
});

test.each([
  ['the list', () => '/'],
  ['a machine', () => `/vm/${ui.uuid('web-2')}`],
  ['a hypervisor', () => '/hypervisor/hv1'],
])('nothing moves while %s loads, and nobody complains', async (_, path) => {
  await open(path());
  const shift = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries())
            sum += (entry as unknown as { value: number }).value;
        }).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve(sum), 500);
      }),
  );
  expect(shift).toBeLessThan(0.01);
  const known = /Failed to load resource|net::ERR|WebSocket connection/;
  expect(ui.browser.complaints.filter((text) => !known.test(text))).toEqual([]);
});

const row = (name: string): Locator => ui.row(name);
const uuid = (name: string): string => ui.uuid(name);
const open = (path: string): Promise<void> => ui.open(path);
const shot = (name: string): Promise<void> => ui.shot(name);
