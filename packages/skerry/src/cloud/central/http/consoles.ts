// Consoles through the one web port. A browser asks for a token (the verb `console`, with its permission), opens a WebSocket
// with it, and the agent opens another one to central from its side; central ties the two together. An agent listens nowhere.
import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';

interface Console {
  readonly user: string;
  readonly vm: string;
  browser?: WebSocket;
  agent?: WebSocket;
  timer: NodeJS.Timeout;
}

/** How long the two ends may take to find each other. */
const MEET_MS = 20_000;
/** RFC 6455, section 7.4.1, and IANA's registry: whoever is cut by a restart may come back. */
const [NORMAL, POLICY, RESTART] = [1000, 1008, 1012];
/** One that is told to close, and does not, could go on typing. */
const CLOSE_MS = 1000;
/** What a slow line takes within the time in which it must answer a ping, which stands behind that. */
const MAX_BUFFER = 256 * 1024;

export class Consoles {
  readonly #open = new Map<string, Console>();

  /** A token for the two ends of one console; each may use it once. */
  issue(user: string, vm: string): string {
    const token = randomBytes(24).toString('base64url');
    const timer = setTimeout(() => this.#end(token, 'nobody came'), MEET_MS);
    timer.unref();
    this.#open.set(token, { user, vm, timer });
    return token;
  }

  /** Takes one end; `user` is who the browser is logged in as. False when the token is not good for it. */
  join(end: 'browser' | 'agent', token: string, socket: WebSocket, user?: string): boolean {
    const found = this.#open.get(token);
    if (!found || found[end] || (end === 'browser' && found.user !== user)) return false;
    found[end] = socket;
    socket.on('close', () => this.#end(token, 'the other side ended'));
    socket.on('error', () => this.#end(token, 'the other side was lost'));
    const { browser, agent } = found;
    if (browser && agent) {
      clearTimeout(found.timer);
      tie(browser, agent);
      tie(agent, browser);
      browser.resume();
      agent.resume();
    } else {
      // Nothing is lost that one end says before the other is there.
      socket.pause();
    }
    return true;
  }

  /** Ends those that somebody may not have any more. */
  endWhere(isOver: (user: string, vm: string) => boolean): void {
    for (const [token, { user, vm }] of this.#open)
      if (isOver(user, vm)) this.#end(token, 'you may not see it any more', POLICY);
  }

  /** The machines that have one. */
  get vms(): ReadonlySet<string> {
    return new Set([...this.#open.values()].map(({ vm }) => vm));
  }

  /** Ends those of a machine that is off: nothing tells who is at its ssh port. */
  endOf(vm: string): void {
    for (const [token, each] of this.#open)
      if (each.vm === vm) this.#end(token, 'the machine is off');
  }

  endAll(): void {
    for (const token of this.#open.keys()) this.#end(token, 'central ends', RESTART);
  }

  #end(token: string, reason: string, code = NORMAL): void {
    const found = this.#open.get(token);
    if (!found) return;
    this.#open.delete(token);
    clearTimeout(found.timer);
    for (const socket of [found.browser, found.agent]) {
      socket?.resume();
      socket?.close(code, reason);
      if (socket && code === POLICY) setTimeout(() => socket.terminate(), CLOSE_MS).unref();
    }
  }
}

/** Passes on what one side says; one that says more than the other reads is stopped for as long. */
function tie(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: Buffer, isBinary) => {
    if (to.readyState !== to.OPEN) return;
    to.send(data, { binary: isBinary }, () => {
      if (from.isPaused && to.bufferedAmount < MAX_BUFFER / 2) from.resume();
    });
    if (to.bufferedAmount > MAX_BUFFER) from.pause();
  });
}
