// Faults in the lab's network, from inside it. A machine that has some is taken from the lab's bridge to one of its own;
// between the two a process (share/link-faults.pl) carries its frames as the faults have it. Taps are found by the
// machine's MAC, again and again, as each start of the machine and each libvirtd may bring another, or put it back.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LinkRule, MachineFaults } from './protocol.ts';

const LAB_BRIDGE = 'lab0';
const CARRIER = fileURLToPath(new URL('../../share/link-faults.pl', import.meta.url));
const LINKS = '/sys/class/net';
const EVERY_MS = 200;
const run = promisify(execFile);

/** What is between a machine's tap and the lab's bridge. */
interface Carrier {
  readonly child: ChildProcess;
  /** Gives it rules; resolves when they are in force. */
  readonly obey: (faults: MachineFaults) => Promise<void>;
}

export interface NetworkFaultsKeeper {
  /** Makes exactly these faults be in force; rejects when that cannot be. */
  readonly set: (wanted: readonly MachineFaults[]) => Promise<void>;
  readonly wanted: () => readonly MachineFaults[];
}

export function keepNetworkFaults(log: (line: string) => void): NetworkFaultsKeeper {
  let wanted: readonly MachineFaults[] = [];
  const carriers = new Map<string, Carrier>();
  // One change at a time, whoever asks.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    timer = undefined;
    if (wanted.length === 0) return;
    void inTurn(() => settle(false))
      .catch((error: Error) => log(`network faults: ${error.message}`))
      .finally(() => (timer ??= setTimeout(watch, EVERY_MS)));
  };
  return {
    wanted: () => wanted,
    set: (fresh) =>
      inTurn(async () => {
        wanted = fresh;
        await settle(true);
        timer ??= setTimeout(watch, EVERY_MS);
      }),
  };

  async function settle(isNew: boolean): Promise<void> {
    const taps = await machineTaps();
    const macs = new Set(wanted.map(({ mac }) => mac));
    for (const [mac, carrier] of carriers) {
      if (macs.has(mac)) continue;
      await move(taps.get(mac), LAB_BRIDGE);
      await remove(mac, carrier);
    }
    for (const faults of wanted) {
      const { mac } = faults;
      const present = carriers.get(mac);
      const carrier = present ?? (await start(mac));
      if (isNew || !present) await carrier.obey(faults);
      await move(taps.get(mac), bridgeOf(mac));
    }
  }

  async function start(mac: string): Promise<Carrier> {
    const carrier = await startCarrier(mac);
    carriers.set(mac, carrier);
    // Its machine is cut off until the next look.
    carrier.child.once('exit', (code, signal) => {
      if (carriers.get(mac) !== carrier) return;
      carriers.delete(mac);
      log(`link-faults.pl for ${mac} ended with ${signal ?? code}`);
    });
    return carrier;
  }

  async function remove(mac: string, { child }: Carrier): Promise<void> {
    carriers.delete(mac);
    child.kill('SIGKILL');
    await ip('link', 'delete', bridgeOf(mac)).catch(() => {});
  }
}

async function startCarrier(mac: string): Promise<Carrier> {
  const [near, far, bridge] = [`near${tailOf(mac)}`, `far${tailOf(mac)}`, bridgeOf(mac)];
  // One that died has left it.
  await ip('link', 'delete', bridge).catch(() => {});
  await ip('link', 'add', bridge, 'type', 'bridge', ...QUIET_BRIDGE);
  const child = spawn('perl', [CARRIER, near, far], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`link-faults.pl ended with ${signal ?? code}`)),
    );
  });
  ended.catch(() => {});
  child.stdin.on('error', () => {});
  const answer = async (): Promise<void> => {
    if ((await Promise.race([lines.next(), ended])).done) await ended;
  };
  await answer();
  await ip('link', 'set', near, 'master', bridge, 'up');
  // Or it would answer for the gateway's address, and the gateway's services do not listen on it.
  await ip('link', 'set', bridge, 'arp', 'off', 'up');
  await ip('link', 'set', far, 'master', LAB_BRIDGE, 'up');
  return {
    child,
    obey: async (faults) => {
      child.stdin.write(formatRules(faults));
      await answer();
    },
  };
}

/** No spanning tree, no waiting, no guesses about multicast: frames pass at once. */
const QUIET_BRIDGE = ['stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'];

/** What link-faults.pl reads. Pure. */
export function formatRules({ link, from }: MachineFaults): string {
  const line = (way: string, { delayMs, jitterMs, lossPct, rateKbit }: LinkRule): string =>
    `${way} ${delayMs} ${jitterMs} ${lossPct} ${rateKbit}\n`;
  const own = link ? line('from *', link) + line('to *', link) : '';
  const peers = Object.entries(from).map(([mac, rule]) => line(`to ${mac}`, rule));
  return `${own}${peers.join('')}end\n`;
}

/** The taps of running machines by the machine's MAC: libvirt gives a tap that MAC, but for a first byte of fe. */
async function machineTaps(): Promise<Map<string, string>> {
  const taps = new Map<string, string>();
  for (const name of await readdir(LINKS)) {
    if (!name.startsWith('vnet')) continue;
    const mac = (await readFile(`${LINKS}/${name}/address`, 'utf8').catch(() => '')).trim();
    if (mac.startsWith('fe:')) taps.set(`52:${mac.slice(3)}`, name);
  }
  return taps;
}

async function move(tap: string | undefined, bridge: string): Promise<void> {
  if (tap === undefined) return;
  const now = await readlink(`${LINKS}/${tap}/master`).catch(() => '');
  if (basename(now) === bridge) return;
  await ip('link', 'set', tap, 'master', bridge).catch((error: Error) => {
    // The machine ended meanwhile.
    if (!/Cannot find device/.test(error.message)) throw error;
  });
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', args);
}

/** Links have names of 15 letters at most; within a lab the last half of a MAC is enough. */
function tailOf(mac: string): string {
  return mac.slice(9).replaceAll(':', '');
}

function bridgeOf(mac: string): string {
  return `faults${tailOf(mac)}`;
}
