// Answers on sync.sock for whoever keeps a lab's trees equal: the background process, or `hack`.
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { LiveEvent, LiveRequest, LiveStatus } from './live-protocol.ts';

/** What keeps trees equal. */
export interface LiveTrees {
  readonly status: () => LiveStatus;
  /** Looks for all machines at once. */
  readonly wake: () => void;
  /** Resolves when the machines that are there have all that is on the host now. */
  readonly flush: () => Promise<unknown>;
  /** The same for one machine, which is waited for. */
  readonly whenReady: (machine: string) => Promise<unknown>;
  /** Before another begins: takes no more, and resolves when what was taken is done. */
  readonly settle: () => Promise<unknown>;
  /** Ends it. */
  readonly stop: () => void;
}

export interface LiveServer {
  /** Tells those who watch. */
  readonly tell: (event: LiveEvent) => void;
  readonly close: () => void;
}

/** Resolves when it can be asked. Who listened there before is gone, or hears no more. */
export async function serveLive(
  path: string,
  trees: LiveTrees,
  log: (text: string) => void,
): Promise<LiveServer> {
  const watchers = new Set<Socket>();
  const answer = async (request: LiveRequest, client: Socket): Promise<void> => {
    const { ask } = request;
    if (ask === 'watch') {
      watchers.add(client);
      client.on('close', () => watchers.delete(client));
      return;
    }
    trees.wake();
    if (ask === 'ready') await trees.whenReady(request.machine);
    if (ask === 'flush') await trees.flush();
    // Before the answer: who asked may start another, which listens there.
    if (ask === 'stop') {
      server.close();
      await trees.settle();
    }
    client.write(`${JSON.stringify(trees.status())}\n`);
    if (ask === 'stop') client.end(() => trees.stop());
  };
  rmSync(path, { force: true });
  const server = createServer((client) => {
    client.on('error', () => {});
    createInterface(client).on('line', (line) => {
      void answer(JSON.parse(line) as LiveRequest, client).catch((error: unknown) => {
        log(String(error));
        client.destroy();
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    tell: (event) => {
      for (const watcher of watchers) watcher.write(`${JSON.stringify(event)}\n`);
    },
    close: () => {
      // Removes the socket's file as well.
      server.close();
      for (const watcher of watchers) watcher.destroy();
    },
  };
}
