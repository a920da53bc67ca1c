// What tests ask of a page.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function expectText(locator: Locator, text: string, timeout = 30_000): Promise<void> {
  await expect.poll(() => locator.first().textContent(), { timeout }).toContain(text);
}

export async function expectCount(locator: Locator, count: number): Promise<void> {
  await expect.poll(() => locator.count(), { timeout: 30_000 }).toBe(count);
}

/** What axe finds that is serious, with where it is. */
export async function violationsOf(page: Page): Promise<string[]> {
  // Not by a script tag: the page's own policy forbids strangers' scripts.
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
      };
    };
    return (await axe.run()).violations;
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`);
}

/** A machine's row in the list. */
export function vmRow(page: Page, name: string): Locator {
  return page.locator('.vm-row', {
    has: page.locator('.row-name', { hasText: new RegExp(`^${name}$`) }),
  });
}
