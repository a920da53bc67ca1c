// What needs real machines and a real bus, in Debian's Chromium: making them, consoles, moving them, and the way to one's own
// chat client.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectLibvirt } from '@skerry/libvirt';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildWeb } from './support/build-web.ts';
import { element } from '../../skerry/src/cloud/bus/xmpp/stanza.ts';
import { XmppClient } from '../../skerry/src/cloud/bus/xmpp/xmpp-client.ts';
import { RestClient } from '../../skerry/src/cloud/client/rest-client.ts';
import { type DevCloud, startDevCloud } from '../../skerry/src/cloud/dev/dev-cloud.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { writeEchoDisk } from './support/echo-disk.ts';
import { expectText, violationsOf, vmRow } from './support/page.ts';

let dir: string;
let cloud: DevCloud;
let way: { readonly port: number; cut(): void; close(): void };
let browser: TestBrowser;
let page: Page;
let client: RestClient;
let uuid: string;

beforeAll(async () => {
  mkdirSync(join(import.meta.dirname, 'shots'), { recursive: true });
  // Short: unix sockets lie in it.
  dir = await mkdtemp('/tmp/skc-');
  cloud = await startDevCloud({
    dir: join(dir, 'c'),
    hypervisors: 2,
    port: 0,
    bus: 'xmpp',
    version: '0.0.0',
    webDir: await buildWeb(),
    accel: 'tcg',
  });
  const [first] = cloud.hypervisors.list;
  if (!first) throw new Error('no hypervisor was started');
  await writeEchoDisk(join(first.images.outside, 'golden', 'echo.qcow2'));
  for (const { libvirtUri } of cloud.hypervisors.list) {
    await using libvirt = await connectLibvirt(libvirtUri);
    await (await libvirt.pool('golden')).refresh();
  }
  client = new RestClient({ url: cloud.url, token: cloud.token() });
  const { port } = new URL(cloud.url);
  way = await wayTo(Number(port));
  browser = await startBrowser();
  ({ page } = browser);
  page.setDefaultTimeout(60_000);
  await page.goto(cloud.loginLink().replace(port, String(way.port)));
  await page.locator('.group-row').nth(1).waitFor();
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  way?.close();
  await cloud?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

test('a machine is made of an image, and starts', async () => {
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'hv1' }).check();
  await dialog.getByLabel('Image').selectOption('echo.qcow2');
  await dialog.getByLabel('Name').fill('tiny');
  await dialog.getByLabel('Memory (MiB)').fill('64');
  await dialog.getByLabel('Disk (GiB)').fill('1');
  await dialog.getByLabel('Start it at once').check();
  await shot('made-of-image');
  await dialog.getByRole('button', { name: 'Make it on hv1' }).click();
  await expectText(vmRow(page, 'tiny'), 'running', 60_000);
  ({ uuid } = (await client.call('GET', '/vms/tiny')) as { uuid: string });
});

test('what is typed at the serial console gets to the machine, and its answer is shown', async () => {
  await openConsole('Serial');
  await page.locator('.xterm').click();
  await page.keyboard.type('hello there');
  await expectText(page.locator('.xterm-rows'), 'hello there', 30_000);
});

test('the screen is shown, and text that is typed for it gets to the machine', async () => {
  await openConsole('Screen');
  // Something is drawn that is not the background.
  const colours = (): Promise<number> =>
    page.locator('.screen canvas').evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const context = canvas.getContext('2d');
      const { data } = context?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      return new Set(new Uint32Array(Uint8ClampedArray.from(data).buffer)).size;
    });
  await expect.poll(colours, { timeout: 30_000 }).toBeGreaterThan(1);
  await page.getByRole('button', { name: 'Type text' }).click();
  const text = page.getByLabel('Text to type');
  await text.fill('déjà');
  await expectText(page.locator('#type-text-hint'), 'no key for é à');
  await text.fill('Say "A-1"!');
  await shot('screen-typing');
  expect(await violationsOf(page)).toEqual([]);
  // The machine says what it gets at its serial port, too.
  const heard = await listenSerial();
  await page.getByRole('button', { name: 'Type it' }).click();
  await expect.poll(() => heard.text(), { timeout: 30_000 }).toContain('Say "A-1"!');
  heard.end();
  await page.waitForTimeout(300);
  await shot('screen-typed');
});

test('a screen with a password asks for it', async () => {
  const xml = `<domain type='qemu'><name>locked</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>
    <devices><graphics type='vnc' autoport='yes' listen='127.0.0.1' passwd='sesame'/><video><model type='vga'/></video></devices></domain>`;
  await client.call('POST', '/hypervisors/hv1/alloc', { xml, start: true });
  const locked = (await client.call('GET', '/vms/locked')) as { uuid: string };
  await openConsole('Screen', locked.uuid, 'Wants a password');
  await shot('screen-password');
  expect(await violationsOf(page)).toEqual([]);
  const password = page.getByLabel('Password');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200)))
    .toContain('name="password"');
  await page.keyboard.type('wrong');
  await page.getByRole('button', { name: 'Show the screen' }).click();
  await page.getByText('did not take that').waitFor();
  await password.fill('sesame');
  await page.keyboard.press('Enter');
  await page.getByText('Connected', { exact: true }).waitFor();
  expect(page.url()).not.toContain('sesame');
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain(
    'sesame',
  );
  await client.call('POST', '/vms/locked/destroy');
});

test('on a phone: power, and what is typed at the console', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(at(`/vm/${uuid}`));
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await expectText(page.locator('.entity-title .pill'), 'paused', 30_000);
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await expectText(page.locator('.entity-title .pill'), 'running', 30_000);
  await page.getByRole('link', { name: 'Console', exact: true }).click();
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.locator('.xterm').click();
  await page.keyboard.type('from a phone');
  await expectText(page.locator('.xterm-rows'), 'from a phone', 30_000);
  await shot('phone-serial');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('a machine that is dragged to another hypervisor moves there, and runs on', async () => {
  await page.goto(at('/'));
  await vmRow(page, 'tiny').hover();
  await page.mouse.down();
  const box = await page.locator('.tile', { hasText: 'hv2' }).boundingBox();
  await page.mouse.move((box?.x ?? 0) + 40, (box?.y ?? 0) + 60, { steps: 8 });
  await page.locator('.tile.drop-yes', { hasText: 'hv2' }).waitFor();
  await page.mouse.up();
  await expectText(page.locator('.group-row', { hasText: 'hv2' }), '1 / 1 on', 60_000);
  await expectText(vmRow(page, 'tiny'), 'running');
  expect(await client.call('GET', '/vms/tiny')).toMatchObject({ hypervisor: 'hv2' });
  await shot('dragged');
});

test('a machine that is off is cloned', async () => {
  await page.goto(at(`/vm/${uuid}`));
  await page.getByRole('button', { name: 'Force off', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Force off' }).click();
  await expectText(vmRow(page, 'tiny'), 'off', 30_000);
  await page.getByRole('button', { name: 'More verbs' }).click();
  await page.getByRole('menuitem', { name: 'Clone' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('tiny-2');
  await page.getByRole('dialog').getByRole('button', { name: 'Clone' }).click();
  await expectText(vmRow(page, 'tiny-2'), 'off', 60_000);
  await client.call('POST', '/vms/tiny/create');
});

test.each(['Serial', 'Screen'])(
  'the console %s opens, and opens again by itself when the way to central was cut',
  async (type) => {
    await openConsole(type);
    const connected = page.getByText('Connected', { exact: true });
    // Pressed once more, it stays as it is.
    await page.getByRole('button', { name: type, exact: true }).click();
    await connected.waitFor();
    way.cut();
    const notice = page.locator('.console-closed');
    // It is there for a second only.
    await notice.filter({ hasText: 'The connection was lost' }).waitFor();
    await notice.waitFor({ state: 'detached' });
    await connected.waitFor();
  },
);

test('one lets oneself in with an XMPP client, and the machines are there', async () => {
  await page.goto(at('/account'));
  await page.getByRole('button', { name: 'New chat password' }).click();
  const dialog = page.getByRole('dialog');
  const password = await dialog.getByLabel('Password').inputValue();
  await page.waitForTimeout(300);
  await shot('chat-login');
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
  await expect.poll(() => seen, { timeout: 20_000 }).toContain(`${uuid}@${domain}/hv2`);
});

const at = (path: string): string => `http://127.0.0.1:${way.port}${path}`;

async function openConsole(type: string, of = uuid, words = 'Connected'): Promise<void> {
  await page.goto(at(`/vm/${of}/console`));
  const button = page.getByRole('button', { name: type, exact: true });
  // One that opens by itself has taken the focus, perhaps.
  if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click();
  await page.getByText(words, { exact: true }).waitFor();
}

/** What the machine says at its serial port from now on. */
async function listenSerial(): Promise<{ text(): string; end(): void }> {
  const { token } = (await client.call('POST', '/vms/tiny/console', { type: 'serial' })) as {
    token: string;
  };
  const cookie = `skerry=${cloud.central.users.issue('admin', 'session')}`;
  const url = `${cloud.url.replace('http', 'ws')}/api/v1/console?token=${token}`;
  // Node's own takes headers, which the browser's does not.
  const socket = new WebSocket(url, { headers: { cookie } } as unknown as string[]);
  socket.binaryType = 'arraybuffer';
  let text = '';
  const latin = new TextDecoder('latin1');
  socket.addEventListener('message', ({ data }) => (text += latin.decode(data as ArrayBuffer)));
  await once(socket, 'open');
  return { text: () => text, end: () => socket.close() };
}

async function shot(name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, 'shots', `${name}.png`) });
}

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
