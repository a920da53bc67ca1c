// The background process that keeps a lab's trees equal to the host's: told what to do once by IPC, then asked on
// sync.sock (live-protocol.ts). It ends with the sandbox.
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { sandboxEnd } from '../sandbox/gateway.ts';
import { type LiveEvent, liveEventOf } from './live-protocol.ts';
import { type LiveServer, serveLive } from './live-server.ts';
import { endOthers, keepOthers, sharesReady } from './keep-others.ts';
import { treeName } from './tree-name.ts';
import { TreeSync } from './tree-sync.ts';
import { messageOf } from '../util/message-of.ts';

/** What it is told at its start. */
export interface LiveOrder {
  readonly trees: readonly TreeSpec[];
  readonly gatewaySocket: string;
  readonly syncSocket: string;
  /** The lab's state folder. */
  readonly stateDir: string;
}

process.once('message', (message) => void serve(message as LiveOrder));

async function serve({ trees, gatewaySocket, syncSocket, stateDir }: LiveOrder): Promise<void> {
  const { signal } = new AbortController();
  const log = (text: string): void =>
    void process.stderr.write(`${new Date().toISOString()} ${text}\n`);
  for (const { mode, from, to, on } of trees) log(`${mode} ${from} -> ${to} in ${on.join(', ')}`);
  // A folder that is not there is told of before anybody can ask.
  let server: LiveServer | undefined;
  const tell = (event: LiveEvent): void => {
    server?.tell(event);
    const { machine, refused = [], reason } = event;
    const name = treeName(event, machine, '/');
    if (reason !== undefined) log(`${name}: ${reason}`);
    for (const one of refused) log(`${name}: ${one.path}: ${one.reason}`);
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
  const others = keepOthers(trees, {
    ...{ gatewaySocket, stateDir, signal, onEvent: tell, onNote: log },
  });
  const live = {
    status: () => ({
      pid: process.pid,
      trees,
      machines: syncs.flatMap((sync) => sync.states()),
      others: others.map(({ state }) => state),
    }),
    wake: () => {
      for (const one of [...syncs, ...others]) one.wake();
    },
    flush: () => Promise.all(syncs.map((sync) => sync.flush(true))),
    whenReady: (machine: string) =>
      Promise.all([...syncs.map((sync) => sync.whenReady(machine)), sharesReady(others, machine)]),
    settle: () => endOthers(others),
    stop: () => process.exit(0),
  };
  server = await serveLive(syncSocket, live, log);
  process.send?.({ ok: true });
  for (const sync of syncs)
    sync.keep().catch((error: unknown) => {
      log(messageOf(error));
    });
  await sandboxEnd(gatewaySocket);
  server.close();
  process.exit(0);
}
