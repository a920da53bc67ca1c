import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveSocket } from './live-socket.ts';

/** The wire: it says what the test says. */
class Wire extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  send(): void {}
  close(): void {
    this.readyState = WebSocket.CLOSED;
  }
  say(message: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event('open'));
    this.say({ type: 'hello' });
  }
}

let wires: Wire[];
let waits: number[];
let heard: string[];
let awake: () => void;
let live: LiveSocket;
const last = (): Wire => wires.at(-1) as Wire;

beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  waits = [];
  heard = [];
  live = new LiveSocket({
    onMessage: ({ type }) => heard.push(type),
    onLost: (retryAt) => waits.push(retryAt - Date.now()),
    open: () => {
      wires.push(new Wire());
      return last() as unknown as WebSocket;
    },
    onAwake: (look) => {
      awake = look;
      return () => (awake = () => {});
    },
  });
});

afterEach(() => {
  live[Symbol.dispose]();
  vi.useRealTimers();
});

test('it waits longer each time, and never more than three seconds', () => {
  for (let times = 0; times < 12; times++) {
    last().dispatchEvent(new Event('close'));
    vi.advanceTimersByTime(3000);
  }
  expect(wires).toHaveLength(13);
  expect(waits[0]).toBeLessThanOrEqual(800);
  expect(Math.max(...waits)).toBeLessThanOrEqual(3000);
  expect(new Set(waits.slice(4)).size).toBeGreaterThan(1);
});

test('it does not wait when the network or the page is back', () => {
  for (let times = 0; times < 5; times++) {
    last().dispatchEvent(new Event('close'));
    vi.advanceTimersByTime(3000);
  }
  last().dispatchEvent(new Event('close'));
  const before = wires.length;
  awake();
  expect(wires).toHaveLength(before + 1);
  awake();
  expect(wires).toHaveLength(before + 1);
});

test('a line that says nothing is given up, and one that nobody answers', () => {
  last().open();
  for (let times = 0; times < 10; times++) {
    vi.advanceTimersByTime(2000);
    last().say({ type: 'beat' });
  }
  expect(waits).toEqual([]);
  vi.advanceTimersByTime(8000);
  expect(waits).toHaveLength(1);
  const silent = wires[0] as Wire;
  expect(silent.readyState).toBe(WebSocket.CLOSED);
  silent.say({ type: 'stand' });
  silent.dispatchEvent(new Event('close'));
  expect(heard).toEqual(['hello']);
  expect(wires).toHaveLength(2);
  vi.advanceTimersByTime(9000);
  expect(wires.length).toBeGreaterThan(2);
});

test('a page that has slept looks at once', () => {
  last().open();
  vi.setSystemTime(Date.now() + 3_600_000);
  awake();
  expect(wires).toHaveLength(2);
});
