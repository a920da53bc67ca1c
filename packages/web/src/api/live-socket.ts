// The one WebSocket to central: comes back by itself, later each time, and says when it will.
import type { LiveMessage } from './types.ts';

export interface LiveSocketOptions {
  onMessage(message: LiveMessage): void;
  onLost(retryAt: number): void;
}

const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 15_000;
const SOUND_MS = 5000;

/** @example using live = new LiveSocket({ onMessage, onLost }); live.watch(['vm:1']); */
export class LiveSocket implements Disposable {
  readonly #options: LiveSocketOptions;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #openedAt = 0;
  #watched: readonly string[] = [];
  #ended = false;

  constructor(options: LiveSocketOptions) {
    this.#options = options;
    this.#connect();
    addEventListener('online', this.retryNow);
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
    this.#ended = true;
    clearTimeout(this.#timer);
    removeEventListener('online', this.retryNow);
    this.#socket?.close();
  }

  #connect(): void {
    this.#timer = undefined;
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/live`);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#openedAt = Date.now();
      this.#sendWatch();
    });
    socket.addEventListener('message', ({ data }) =>
      this.#options.onMessage(JSON.parse(String(data)) as LiveMessage),
    );
    socket.addEventListener('close', () => this.#lost());
  }

  #lost(): void {
    if (this.#ended) return;
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
