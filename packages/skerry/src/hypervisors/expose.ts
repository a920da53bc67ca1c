// Services of the host for the hypervisors. The listening socket is made inside, by a process of its own, and handed over
// to this one: a socket stays in the network namespace it was made in, whoever accepts its connections.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SkerryError } from '../util/errors.ts';
import { SCRIPT_EXTENSION } from '../util/script-extension.ts';
import { OUTSIDE } from './layout.ts';

const LISTEN_MS = 10_000;

/** Where it is on the host. */
export type ExposeTarget =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

export interface ExposeOptions {
  /** Words before a command that run it where the hypervisors reach it. */
  readonly enter: readonly string[];
  readonly port: number;
  readonly target: ExposeTarget;
}

/** Listens at OUTSIDE and joins each connection to one to the target; disposing ends all of them. */
export async function expose({ enter, port, target }: ExposeOptions): Promise<AsyncDisposable> {
  const server = await listenInside(enter, port);
  const open = new Set<Socket>();
  server.on('connection', (near: Socket) => {
    const far = connect({ ...target, noDelay: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one
        .on('error', () => {})
        .on('close', () => {
          open.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function listenInside(enter: readonly string[], port: number): Promise<Server> {
  const script = fileURLToPath(new URL(`./listen-inside${SCRIPT_EXTENSION}`, import.meta.url));
  const [program = '', ...args] = enter;
  const child = spawn(program, [...args, process.execPath, script, OUTSIDE, String(port)], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: LISTEN_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-500)));
  const server = await handedOver(child);
  if (server) return server;
  const reason = said.trim() || `the helper ended with ${child.exitCode ?? child.signalCode}`;
  throw new SkerryError('HYPERVISOR_EXPOSE', { data: { address: OUTSIDE, port, reason } });
}

function handedOver(child: ChildProcess): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    child.on('message', (_word, server) => resolve(server as Server));
    child.on('error', reject);
    child.on('close', () => resolve(undefined));
  });
}
