// What needs a real machine and a real bus, in Debian's Chromium: consoles, and the way to one's own chat client.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildWeb } from './support/build-web.ts';
import { element } from '../../skerry/src/cloud/bus/xmpp/stanza.ts';
import { XmppClient } from '../../skerry/src/cloud/bus/xmpp/xmpp-client.ts';
import { RestClient } from '../../skerry/src/cloud/client/rest-client.ts';
import { type DevCloud, startDevCloud } from '../../skerry/src/cloud/dev/dev-cloud.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';

let dir: string;
let cloud: DevCloud;
let way: { readonly port: number; cut(): void; close(): void };
let browser: TestBrowser;
let uuid: string;

beforeAll(async () => {
  // Short: unix sockets lie in it.
  dir = await mkdtemp('/tmp/skc-');
  cloud = await startDevCloud({
    dir: join(dir, 'c'),
    hypervisors: 1,
    port: 0,
    bus: 'xmpp',
    version: '0.0.0',
    webDir: await buildWeb(),
    accel: 'tcg',
  });
  const client = new RestClient({ url: cloud.url, token: cloud.token() });
  await client.call('POST', '/hypervisors/hv1/alloc', { name: 'tiny', memoryMiB: 64, diskGiB: 1 });
  await client.call('POST', '/vms/tiny/create');
  ({ uuid } = (await client.call('GET', '/vms/tiny')) as { uuid: string });
  const { port } = new URL(cloud.url);
  way = await wayTo(Number(port));
  browser = await startBrowser();
  browser.page.setDefaultTimeout(60_000);
  await browser.page.goto(cloud.loginLink().replace(port, String(way.port)));
  await browser.page.locator('.vm-row').first().waitFor();
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  way?.close();
  await cloud?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

test.each(['Serial', 'Screen'])(
  'the console %s opens, and opens again by itself when the way to central was cut',
  async (type) => {
    const { page } = browser;
    await page.goto(`http://127.0.0.1:${way.port}/vm/${uuid}/console`);
    await page.getByRole('button', { name: type, exact: true }).click();
    const connected = page.getByText('Connected', { exact: true });
    await connected.waitFor();
    // Pressed once more, it stays as it is.
    await page.getByRole('button', { name: type, exact: true }).click();
    await connected.waitFor();
    way.cut();
    const notice = page.locator('.console-closed');
    await notice.waitFor();
    expect(await notice.textContent()).toContain('The connection was lost');
    await notice.waitFor({ state: 'detached' });
    await connected.waitFor();
  },
);

test('one lets oneself in with an XMPP client, and the machines are there', async () => {
  const { page } = browser;
  await page.goto(`http://127.0.0.1:${way.port}/account`);
  await page.getByRole('button', { name: 'New chat password' }).click();
  const dialog = page.getByRole('dialog');
  const password = await dialog.getByLabel('Password').inputValue();
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(import.meta.dirname, 'shots', 'chat-login.png') });
  const [address = '', server = ''] = await dialog.locator('dd').allTextContents();
  const [, host = '', port] = /^(.*), port (\d+)/.exec(server) ?? [];
  const file = await dialog.getByText('Save the authority').getAttribute('href');
  const ca = decodeURIComponent(file?.split(',')[1] ?? '');
  const [local = '', domain = ''] = address.split('@');
  const seen: (string | undefined)[] = [];
  await using client = new XmppClient({
    server: { host, port: Number(port), ca },
    jid: { local, domain, resource: 'phone' },
    password,
    handlers: {
      onSession: () => {},
      onMessage: () => {},
      onPresence: ({ attributes }) => seen.push(attributes.from),
    },
  });
  await client.ready();
  client.send(element('presence'));
  await expect.poll(() => seen, { timeout: 20_000 }).toContain(`${uuid}@${domain}/hv1`);
});

/** A way to a port of this machine that can be cut. */
async function wayTo(port: number): Promise<typeof way> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    cut,
    close() {
      server.close();
      cut();
    },
  };
}
