// A list that is far longer than the screen: its rows are filled again with other machines as it is scrolled.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hypervisorId } from '../../skerry/src/cloud/entity.ts';
import { SETTINGS } from '../../skerry/test/support/cloud.ts';
import { nodeXml } from './support/node-xml.ts';
import { startUi, type Ui } from './support/ui.ts';

const MACHINES = 200;
const HOST = 9;

let ui: Ui;
let page: Page;

beforeAll(async () => {
  ui = await startUi();
  ({ page } = ui);
  const { cloud } = ui.stack;
  const file = join(cloud.dir, 'long.xml');
  const vms = Array.from({ length: MACHINES }, (_, at) => ({ name: `long-${at}`, memoryMiB: 64 }));
  await writeFile(file, nodeXml(HOST, vms));
  await cloud.startAgent('long', {
    libvirtUri: cloud.daemon.uri(`test://${file}`),
    settings: SETTINGS,
  });
  await cloud.until(
    hypervisorId('long'),
    (each) => each?.kind === 'hypervisor' && each.libvirt === 'connected',
  );
  await page.setViewportSize({ width: 1440, height: 900 });
  await ui.group('long').waitFor();
  await scrollTo(0);
});
afterAll(() => ui?.[Symbol.asyncDispose]());

interface SeenRow {
  readonly name: string;
  readonly href: string;
  readonly label: string;
  readonly top: number;
}

/** The machines that are in the document, in its order. */
function rows(): Promise<SeenRow[]> {
  return page.locator('.vm-row').evaluateAll((all) =>
    all.map((row) => ({
      name: row.querySelector('.row-name')?.textContent ?? '',
      href: row.querySelector('a')?.getAttribute('href') ?? '',
      label: row.querySelector('input')?.getAttribute('aria-label') ?? '',
      top: Math.round(row.getBoundingClientRect().top),
    })),
  );
}

async function scrollTo(top: number): Promise<void> {
  await page.locator('#roster').evaluate((list, to) => list.scrollTo({ top: to }), top);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(0))));
}

test('rows say what they lead to, in order, and there are never many', async () => {
  let most = 0;
  for (const top of [0, 1200, 3000, 6000, 2200, 0]) {
    await scrollTo(top);
    await expect
      .poll(async () => (await rows()).some((row) => row.top > 400 && row.top < 500))
      .toBe(true);
    const seen = await rows();
    most = Math.max(most, seen.length);
    expect(seen.map((row) => row.top)).toEqual(
      seen.map((row) => row.top).toSorted((a, b) => a - b),
    );
    for (const { name, href, label } of seen) {
      expect(href).toContain(ui.uuid(name));
      expect(label).toBe(`Select ${name}`);
    }
  }
  expect(most).toBeGreaterThan(20);
  expect(most).toBeLessThan(60);
});

test('a row that is filled with another machine loses the focus', async () => {
  await scrollTo(3000);
  const link = page.locator('.row-link:visible', { hasText: 'long-' }).nth(12);
  await link.focus();
  const focused = (): Promise<string> =>
    page.evaluate(() => document.activeElement?.closest('.vm-row')?.textContent ?? '');
  const name = await focused();
  expect(name).toContain('long-');
  await scrollTo(3040);
  expect(await focused()).toBe(name);
  await scrollTo(5500);
  expect(await focused()).toBe('');
});

test('selected rows stay the machines that were selected', async () => {
  await scrollTo(0);
  await ui.row('long-1').locator('input').check({ force: true });
  await scrollTo(5000);
  expect(await page.locator('.vm-row.selected').count()).toBe(0);
  await scrollTo(0);
  expect(await page.locator('.vm-row.selected .row-name').allTextContents()).toEqual(['long-1']);
  await page.locator('.bulk').getByRole('button', { name: 'Select none' }).click();
});

test('Enter right after the last letter opens what was typed, not what was shown', async () => {
  await page.locator('#filter').focus();
  await page.evaluate(() => {
    // Both in one turn of the page: nothing can be painted between.
    const field = document.querySelector<HTMLInputElement>('#filter');
    // Not by `value` of the field itself, which React watches.
    const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
    value?.set?.call(field, 'long-137');
    field?.dispatchEvent(new Event('input', { bubbles: true }));
    field?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  });
  await expect.poll(() => page.url()).toContain(ui.uuid('long-137'));
  await page.locator('#filter').fill('');
});
