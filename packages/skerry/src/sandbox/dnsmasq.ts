// libvirtd starts dnsmasq for the lab's network but does not notice its end; told to reload, it starts what is missing.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../util/is-alive.ts';

const PID_FILE = '/run/libvirt/network/lab.pid';
const EVERY_MS = 2000;

/** Looks every 2 s, for as long as the sandbox lives; calls `onDeath` each time dnsmasq is found dead. */
export async function watchDnsmasq(onDeath: () => void): Promise<never> {
  for (;;) {
    await sleep(EVERY_MS);
    // Without the file there is no network, or none yet.
    const pid = Number(await readFile(PID_FILE, 'utf8').catch(() => '0'));
    if (pid > 0 && !isAlive(pid)) onDeath();
  }
}
