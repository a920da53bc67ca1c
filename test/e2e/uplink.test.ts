// The way out of a lab. The internet is a namespace of the test's own, and so is the host's network.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLab } from './support/lab.ts';
import { SMALL } from './support/small.ts';

const [HOST, WORLD] = [`skerry-h${process.pid}`, `skerry-w${process.pid}`];
const WORLD_ADDRESS = '198.18.0.1';
const BYTES = 300_000;
const servers: ChildProcess[] = [];

beforeAll(async () => {
  const ip = (words: string): Buffer => execFileSync('ip', words.split(' '));
  for (const name of [HOST, WORLD]) {
    ip(`netns add ${name}`);
    ip(`-n ${name} link set lo up`);
  }
  ip(`-n ${HOST} link add eth0 type veth peer name eth0 netns ${WORLD}`);
  ip(`-n ${WORLD} addr add ${WORLD_ADDRESS}/24 dev eth0`);
  ip(`-n ${HOST} addr add 198.18.0.2/24 dev eth0`);
  for (const name of [HOST, WORLD]) ip(`-n ${name} link set eth0 up`);
  ip(`-n ${HOST} route add default via ${WORLD_ADDRESS}`);
  await serve(WORLD, WORLD_ADDRESS, BYTES);
  await serve(HOST, '127.0.0.1', 1);
});

afterAll(async () => {
  for (const server of servers) {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }
  for (const name of [HOST, WORLD]) execFileSync('ip', ['netns', 'del', name]);
});

/** A web server whose only page has that many bytes. */
async function serve(namespace: string, address: string, bytes: number): Promise<void> {
  const code = `require('node:http').createServer((_, r) => r.end('x'.repeat(${bytes}))).listen(8080, '${address}', () => console.log('ready'))`;
  const server = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(server);
  await once(server.stdout, 'data');
}

test.each(['pasta', 'slirp4netns'])(
  '%s: machines reach the world, and not the host',
  async (way) => {
    await using lab = await testLab(SMALL, {
      as: ['ip', 'netns', 'exec', HOST],
      env: { SKERRY_UPLINK: way },
    });
    await lab.ok(['up']);
    const fetch = (address: string): string[] => [
      'exec',
      '--',
      `timeout 20 bash -c 'exec 3<>/dev/tcp/${address}/8080; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3' | tr -dc x | wc -c`,
    ];
    for (let time = 0; time < 5; time++)
      expect(await lab.ok(fetch(WORLD_ADDRESS))).toBe(`${BYTES}\n`);
    for (const address of ['10.0.2.2', '198.18.0.2'])
      expect(await lab.ok(fetch(address)), address).toBe('0\n');
    await lab.destroyWhole();
  },
);
