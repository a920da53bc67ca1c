// Ties the store to central.
import { checkLogin } from '../api/session.ts';
import { apiGet } from '../api/client.ts';
import { LiveSocket } from '../api/live-socket.ts';
import type { AuditEntry, LiveMessage, VerbInfo } from '../api/types.ts';
import { isQuiet, verbs } from '../verbs/table.ts';
import { applyLive } from './apply-live.ts';
import { cloud } from './cloud.ts';
import { eachFrame } from './each-frame.ts';
import { EMPTY } from './state.ts';
import { tasksRead } from './tasks.ts';
import { takeShout } from './shouts.ts';
import { onWatch, takeUsage } from './usage.ts';

let live: LiveSocket | undefined;

/**
 * Follows the cloud until the returned function is called.
 *
 * @param onBack told when it is followed again: what is only told once, and not here, was missed
 */
export function connect(onBack: () => void): () => void {
  let wasThere = false;
  const loadVerbs = (): void =>
    void apiGet<VerbInfo[]>('verbs').then(
      (all) => {
        verbs.set(all);
        return loadTasks();
      },
      () => {},
    );
  loadVerbs();
  const apply = eachFrame<LiveMessage>((messages) =>
    cloud.update((before) =>
      messages.reduce((state, message) => applyLive(state, message, isQuiet), before),
    ),
  );
  live = new LiveSocket({
    onMessage(message) {
      if (message.type === 'usage') takeUsage(message.entities, message.at);
      else if (message.type === 'shout') takeShout(message);
      else apply(message);
      if (message.type !== 'hello') return;
      if (wasThere) onBack();
      wasThere = true;
      // A central that is back may be a newer one; what was done meanwhile is in its log.
      if (verbs.get().length === 0) loadVerbs();
      else void loadTasks();
    },
    onLost(retryAt) {
      cloud.update((state) => {
        const since = state.phase.is === 'lost' ? state.phase.since : Date.now();
        return { ...state, phase: { is: 'lost', since, retryAt } };
      });
      // Perhaps it is the login that ended.
      void checkLogin();
    },
  });
  onWatch((ids) => live?.watch(ids));
  return () => {
    live?.[Symbol.dispose]();
    live = undefined;
    cloud.set(EMPTY);
  };
}

/** What was done before the page was opened, or while there was no connection. */
async function loadTasks(): Promise<void> {
  const entries = await apiGet<AuditEntry[]>('audit?limit=30').catch(() => []);
  const loud = entries.filter(({ verb }) => !isQuiet(verb));
  cloud.update((state) => ({ ...state, tasks: tasksRead(state.tasks, loud) }));
}

export function retryNow(): void {
  live?.retryNow();
}
