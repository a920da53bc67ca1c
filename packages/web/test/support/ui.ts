// The UI with a cloud of test machines behind it, and an administrator who has logged in.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { startBrowser, type TestBrowser } from './browser.ts';
import { buildWeb } from './build-web.ts';
import { vmRow } from './page.ts';
import { type Stack, startStack } from './stack.ts';

const SHOTS = join(import.meta.dirname, '..', 'shots');

export interface Ui extends AsyncDisposable {
  readonly stack: Stack;
  readonly browser: TestBrowser;
  readonly page: Page;
  /** A machine in the list, by name. */
  row(name: string): Locator;
  group(name: string): Locator;
  uuid(name: string): string;
  /** Goes to a page of the UI, perhaps as somebody else by a one-time link. */
  open(path: string, link?: string): Promise<void>;
  shot(name: string, of?: Page): Promise<void>;
}

export async function startUi(): Promise<Ui> {
  mkdirSync(SHOTS, { recursive: true });
  const stack = await startStack(await buildWeb());
  const browser = await startBrowser();
  const { page } = browser;
  const ui: Ui = {
    stack,
    browser,
    page,
    row: (name) => vmRow(page, name),
    group: (name) => page.locator('.group-row', { hasText: name }),
    uuid(name) {
      const found = stack.cloud.central.registry.findVm(name);
      if (!('uuid' in found)) throw new Error(`no machine is called ${name}`);
      return found.uuid;
    },
    async open(path, link) {
      // From elsewhere: within the page only the hash would change.
      if (link) await page.goto('about:blank');
      await page.goto(link ?? `${stack.url}${path}`);
      await page.locator('.group-row, .vm-row, .login').first().waitFor({ state: 'attached' });
    },
    async shot(name, of = page) {
      await of.screenshot({ path: join(SHOTS, `${name}.png`) });
    },
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]();
      await stack[Symbol.asyncDispose]();
    },
  };
  await page.goto(stack.loginLink('ann'));
  await ui.row('web-1').waitFor();
  return ui;
}
