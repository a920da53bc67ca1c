// The background process that keeps a lab's trees equal to the host's: told what to do once by IPC, then asked on
// sync.sock (live-protocol.ts). It ends with the sandbox.
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { sandboxEnd } from '../sandbox/gateway.ts';
import { type LiveEvent, liveEventOf, type LiveRequest, type LiveStatus } from './live-protocol.ts';
import { keepPulled } from './pull-keep.ts';
import { ShareKeep } from './share-keep.ts';
import { TreeSync } from './tree-sync.ts';

/** What it is told at its start. */
export interface LiveOrder {
  readonly trees: readonly TreeSpec[];
  readonly gatewaySocket: string;
  readonly syncSocket: string;
  /** The lab's state folder. */
  readonly stateDir: string;
}

process.once('message', (message) => serve(message as LiveOrder));

function serve({ trees, gatewaySocket, syncSocket, stateDir }: LiveOrder): void {
  const stop = new AbortController();
  const { signal } = stop;
  const watchers = new Set<Socket>();
  const end = (): void => {
    rmSync(syncSocket, { force: true });
    process.exit(0);
  };
  const log = (text: string): void =>
    void process.stderr.write(`${new Date().toISOString()} ${text}\n`);
  const tell = (event: LiveEvent): void => {
    for (const watcher of watchers) watcher.write(`${JSON.stringify(event)}\n`);
    const { to, machine, refused = [], reason } = event;
    if (reason !== undefined) log(`${to}, ${machine}: ${reason}`);
    for (const one of refused) log(`${to}, ${machine}: ${one.path}: ${one.reason}`);
  };
  const syncs = trees
    .filter(({ mode }) => mode === 'push')
    .map(
      (tree) =>
        new TreeSync({
          ...{ tree, gatewaySocket, signal },
          onNote: log,
          onEvent: (event) => tell(liveEventOf(event)),
        }),
    );
  const shares = trees
    .filter(({ mode }) => mode === 'share')
    .flatMap((tree) =>
      tree.on.map(
        (machine) => new ShareKeep({ tree, machine, gatewaySocket, signal, onEvent: tell }),
      ),
    );
  const status = (): LiveStatus => ({
    pid: process.pid,
    trees,
    machines: syncs.flatMap((sync) =>
      sync.states().map((state) => ({ to: sync.tree.to, ...state })),
    ),
    shares: shares.map(({ state }) => state),
  });
  const answer = async (request: LiveRequest, client: Socket): Promise<void> => {
    const { ask } = request;
    if (ask === 'watch') {
      watchers.add(client);
      client.on('close', () => watchers.delete(client));
      return;
    }
    for (const one of [...syncs, ...shares]) one.wake();
    if (ask === 'ready') {
      const here = shares.filter(({ state }) => state.machine === request.machine);
      await Promise.all([
        ...syncs.map((sync) => sync.whenReady(request.machine)),
        ...here.map((share) => share.whenReady()),
      ]);
    }
    if (ask === 'flush') await Promise.all(syncs.map((sync) => sync.flush()));
    // Before the answer: who asked may start another, with a socket of that name.
    if (ask === 'stop') rmSync(syncSocket, { force: true });
    client.write(`${JSON.stringify(status())}\n`);
    if (ask === 'stop') client.end(() => process.exit(0));
  };
  rmSync(syncSocket, { force: true });
  const server = createServer((client) => {
    client.on('error', () => {});
    createInterface(client).on('line', (line) => {
      void answer(JSON.parse(line) as LiveRequest, client).catch((error: unknown) => {
        log(String(error));
        client.destroy();
      });
    });
  });
  server.listen(syncSocket, () => process.send?.({ ok: true }));
  for (const sync of syncs)
    sync.keep().catch((error: unknown) => {
      log(error instanceof Error ? error.message : String(error));
    });
  for (const share of shares)
    share.keep().catch((error: unknown) => {
      log(error instanceof Error ? error.message : String(error));
    });
  for (const tree of trees.filter(({ mode }) => mode === 'pull'))
    void keepPulled({ tree, gatewaySocket, stateDir, signal, onEvent: tell });
  void sandboxEnd(gatewaySocket).then(end);
}
