// An internet of a test's own: a namespace that stands for the world, and one for the network of the host.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

export const WORLD_ADDRESS = '198.18.0.1';
export const HOST_ADDRESS = '198.18.0.2';
/** How many times the page of the world's web server says x. */
export const WORLD_BYTES = 300_000;

export interface World extends AsyncDisposable {
  /** Words before a command that run it in the host's network. */
  readonly as: readonly string[];
}

/** Each of the two has a web server, on port 8080 of the world's address and of the host's loopback. */
export async function startWorld(): Promise<World> {
  const [host, world] = [`skerry-h${process.pid}`, `skerry-w${process.pid}`];
  const ip = (words: string): Buffer => execFileSync('ip', words.split(' '));
  for (const name of [host, world]) {
    ip(`netns add ${name}`);
    ip(`-n ${name} link set lo up`);
  }
  ip(`-n ${host} link add eth0 type veth peer name eth0 netns ${world}`);
  ip(`-n ${world} addr add ${WORLD_ADDRESS}/24 dev eth0`);
  ip(`-n ${host} addr add ${HOST_ADDRESS}/24 dev eth0`);
  for (const name of [host, world]) ip(`-n ${name} link set eth0 up`);
  ip(`-n ${host} route add default via ${WORLD_ADDRESS}`);
  const servers = [
    await serve(world, WORLD_ADDRESS, WORLD_BYTES),
    await serve(host, '127.0.0.1', 1),
  ];
  return {
    as: ['ip', 'netns', 'exec', host],
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) {
        server.kill('SIGKILL');
        if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      }
      for (const name of [host, world]) ip(`netns del ${name}`);
    },
  };
}

/** A shell command that prints how many x the web server at that address gives. */
export function fetchCommand(address: string, seconds = 20): string {
  return `timeout ${seconds} bash -c 'exec 3<>/dev/tcp/${address}/8080; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3' | tr -dc x | wc -c`;
}

async function serve(namespace: string, address: string, bytes: number): Promise<ChildProcess> {
  const code = `require('node:http').createServer((_, r) => r.end('x'.repeat(${bytes}))).listen(8080, '${address}', () => console.log('ready'))`;
  const server = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  return server;
}
