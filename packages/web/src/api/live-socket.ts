// The one WebSocket to central: comes back by itself within seconds, and says when it tries again.
import type { LiveMessage } from './types.ts';

export interface LiveSocketOptions {
  onMessage(message: LiveMessage): void;
  onLost(retryAt: number): void;
  /** A connection to central; another one in tests. */
  readonly open?: () => WebSocket;
  /** Calls when the network or the page may be back; the function that it returns ends that. */
  readonly onAwake?: (look: () => void) => () => void;
}

const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 3000;
const SOUND_MS = 5000;
/** Nobody answers: what was sent was lost on the way, and is sent again later and later. */
const OPEN_MS = 4000;
/** Central says something each two seconds. */
const SILENT_MS = 6000;
/** The first message is a long one: on a slow line it takes its time. */
const FIRST_SILENT_MS = 60_000;
const LOOK_MS = 1000;

/** @example using live = new LiveSocket({ onMessage, onLost }); live.watch(['vm:1']); */
export class LiveSocket implements Disposable {
  readonly #options: LiveSocketOptions;
  readonly #stopAwake: () => void;
  readonly #looking: ReturnType<typeof setInterval>;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #openedAt = 0;
  /** When it is taken for lost, unless something is heard. */
  #deadAt = 0;
  #watched: readonly string[] = [];

  constructor(options: LiveSocketOptions) {
    this.#options = options;
    this.#connect();
    this.#looking = setInterval(this.#look, LOOK_MS);
    this.#stopAwake = (options.onAwake ?? onAwake)(() => {
      this.#look();
      this.retryNow();
    });
  }

  /** The entities whose graphs are on the screen. */
  watch(ids: readonly string[]): void {
    this.#watched = ids;
    this.#sendWatch();
  }

  /** Does not wait any longer. */
  readonly retryNow = (): void => {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#connect();
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
    this.#stopAwake();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #connect(): void {
    this.#timer = undefined;
    const socket = (this.#options.open ?? openSocket)();
    const on = (type: string, listener: (event: MessageEvent) => void): void =>
      socket.addEventListener(type, (event) => {
        // One that was given up may still say something.
        if (this.#socket === socket) listener(event as MessageEvent);
      });
    this.#socket = socket;
    this.#deadAt = Date.now() + OPEN_MS;
    on('open', () => {
      this.#openedAt = Date.now();
      this.#deadAt = Date.now() + FIRST_SILENT_MS;
      this.#sendWatch();
    });
    on('message', ({ data }) => {
      this.#deadAt = Date.now() + SILENT_MS;
      const message = JSON.parse(String(data)) as LiveMessage;
      if (message.type !== 'beat') this.#options.onMessage(message);
    });
    on('close', () => this.#lost());
  }

  /** A line that was cut without a word is found by its silence. */
  readonly #look = (): void => {
    if (this.#socket && Date.now() > this.#deadAt) this.#lost();
  };

  #lost(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    // One that was sound for a while is a new one that was lost; else central is in trouble, and is given time.
    const wasSound = this.#openedAt > 0 && Date.now() - this.#openedAt > SOUND_MS;
    this.#attempt = wasSound ? 0 : this.#attempt + 1;
    this.#openedAt = 0;
    const most = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt);
    const waitMs = most * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#connect(), waitMs);
    this.#options.onLost(Date.now() + waitMs);
  }

  #sendWatch(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: 'watch', ids: this.#watched.slice(0, 500) }));
  }
}

function openSocket(): WebSocket {
  return new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/live`);
}

/** The network is back, or somebody looks at the page again. */
function onAwake(look: () => void): () => void {
  const seen = (): void => {
    if (document.visibilityState === 'visible') look();
  };
  addEventListener('online', look);
  document.addEventListener('visibilitychange', seen);
  return () => {
    removeEventListener('online', look);
    document.removeEventListener('visibilitychange', seen);
  };
}
