// Hosts in networks of their own, joined by a bridge: links that can be cut as a cable is. In a network namespace only.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Host } from './host-commands.ts';

export interface NetworkHost {
  readonly address: string;
  readonly host: Host;
  /** Nobody hears it any more, and it hears nobody. */
  cut(isCut: boolean): void;
  /** Two of those that are set apart do not hear each other; all others they do. */
  setApart(isApart: boolean): void;
}

export class HostNetwork {
  readonly #holders: ChildProcess[] = [];

  constructor() {
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
    ip('link', 'set', 'br0', 'up');
    ip('addr', 'add', '10.77.0.254/24', 'dev', 'br0');
  }

  /** A host at 10.77.0.NUMBER. */
  async add(number: number): Promise<NetworkHost> {
    const address = `10.77.0.${number}`;
    const holder = spawn('unshare', ['--net', 'sleep', '600'], { stdio: 'ignore' });
    this.#holders.push(holder);
    const pid = String(holder.pid);
    const own = readlinkSync('/proc/self/ns/net');
    while (readlinkSync(`/proc/${pid}/ns/net`) === own || !isRunning(pid)) await sleep(5);
    const port = `host${number}`;
    ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
    ip('link', 'set', port, 'master', 'br0', 'up');
    const enter = ['nsenter', '--target', pid, '--net'] as const;
    for (const words of [
      ['link', 'set', 'lo', 'up'],
      ['addr', 'add', `${address}/24`, 'dev', 'eth0'],
      ['link', 'set', 'eth0', 'up'],
    ])
      run(...enter, 'ip', ...words);
    return {
      address,
      host: new Host(enter),
      cut: (isCut) => ip('link', 'set', port, isCut ? 'down' : 'up'),
      setApart: (isApart) =>
        ip('link', 'set', 'dev', port, 'type', 'bridge_slave', 'isolated', isApart ? 'on' : 'off'),
    };
  }

  end(): void {
    for (const holder of this.#holders) holder.kill('SIGKILL');
  }
}

function isRunning(pid: string): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep';
}

function ip(...words: string[]): void {
  run('ip', ...words);
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
}
