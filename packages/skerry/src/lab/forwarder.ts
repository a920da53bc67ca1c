// The background process behind the lab file's forwards: told what to do once by IPC, reports once, and lives until
// the sandbox goes or the supervisor ends its registration.
import { listenForward } from './listen-forward.ts';
import type { Forward, ForwarderReport } from './forwards.ts';
import { messageOf } from '../util/message-of.ts';

process.once('message', (message) => {
  const { socketPath, forwards } = message as { socketPath: string; forwards: readonly Forward[] };
  void serve(socketPath, forwards);
});

async function serve(socketPath: string, forwards: readonly Forward[]): Promise<void> {
  const stop = new AbortController();
  for (const forward of forwards) {
    try {
      const { closed } = await listenForward(socketPath, forward, {
        background: true,
        signal: stop.signal,
      });
      void closed.then(() => process.exit(0));
    } catch (error) {
      report({ error: messageOf(error), forward });
      process.exit(1);
    }
  }
  report({ ok: true });
}

function report(message: ForwarderReport): void {
  process.send?.(message);
}
