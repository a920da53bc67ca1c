// While `hack` runs it is the one that writes the trees, and says so on sync.sock (live-protocol.ts): `up` then waits for it
// and starts no other that would be in its way.
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import type { LiveRequest, LiveStatus } from './live-protocol.ts';
import type { TreeSync } from './tree-sync.ts';

export interface HackSocket extends Disposable {
  /** Fires when another command takes the trees over. */
  readonly stopped: AbortSignal;
}

export function answerForTrees(
  syncSocket: string,
  trees: readonly TreeSpec[],
  syncs: readonly TreeSync[],
): HackSocket {
  const stop = new AbortController();
  const clients = new Set<Socket>();
  const status = (): LiveStatus => ({
    pid: process.pid,
    trees,
    machines: syncs.flatMap((sync) =>
      sync.states().map((state) => ({ to: sync.tree.to, ...state })),
    ),
  });
  const answer = async (request: LiveRequest, client: Socket): Promise<void> => {
    if (request.ask === 'watch') return;
    for (const sync of syncs) sync.wake();
    // What is saved goes to machines that are there in hack's own time, not sooner.
    if (request.ask === 'ready') await comes(syncs, request.machine);
    client.write(`${JSON.stringify(status())}\n`);
    if (request.ask === 'stop') stop.abort();
  };
  rmSync(syncSocket, { force: true });
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => {}).on('close', () => clients.delete(client));
    createInterface(client).on('line', (line) => {
      void answer(JSON.parse(line) as LiveRequest, client).catch(() => client.destroy());
    });
  });
  server.listen(syncSocket);
  return {
    stopped: stop.signal,
    [Symbol.dispose]: () => {
      // It takes the socket's file along.
      server.close();
      for (const client of clients) client.end();
    },
  };
}

async function comes(syncs: readonly TreeSync[], machine: string): Promise<void> {
  const away = syncs.filter((sync) =>
    sync.states().every((state) => state.machine !== machine || !state.connected),
  );
  await Promise.all(away.map((sync) => sync.whenReady(machine)));
}
