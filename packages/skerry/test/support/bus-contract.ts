// What every bus must do: the same tests for all implementations.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Address, type BusConnection, BusError } from '../../src/cloud/bus/bus.ts';
import type { Publication } from '../../src/cloud/bus/messages.ts';
import { poll } from '../../src/util/poll.ts';

/** A bus of its own, with nobody on it. */
export interface BusUnderTest extends AsyncDisposable {
  /** Connected, and known to those who are there. */
  connect(address: Address): Promise<BusConnection>;
  /** Loses the socket; the connection mends itself. Absent where there is no socket. */
  cut?(connection: BusConnection): void;
}

/** What one member has heard. */
export interface Heard {
  readonly publications: [Address, unknown][];
  readonly presences: string[];
}

/** Follows with a connection and remembers all of it. */
export function listen(connection: BusConnection): Heard {
  const heard: Heard = { publications: [], presences: [] };
  connection.follow({
    onPublication: (from, publication) => heard.publications.push([from, publication]),
    onPresence: (address, presence) => heard.presences.push(`${address} ${presence}`),
  });
  return heard;
}

/** What was heard of one member. */
export function heardOf(
  heard: Heard,
  address: Address,
): { presences: string[]; publications: unknown[]; seqs: number[] } {
  const publications = heard.publications.flatMap(([from, publication]) =>
    from === address ? [publication] : [],
  );
  return {
    presences: heard.presences.flatMap((line) => {
      const [from, presence = ''] = line.split(' ');
      return from === address ? [presence] : [];
    }),
    publications,
    seqs: publications.map((publication) => (publication as { seq: number }).seq),
  };
}

/** Waits until something is so, for 20 s at most. */
export function until(what: string, isSo: () => boolean): Promise<true> {
  return poll(() => isSo() || undefined, {
    timeoutMs: 20_000,
    intervalMs: 5,
    onTimeout: () => new Error(`not within 20 s: ${what}`),
  });
}

/** A publication that can be told from others by its number. */
export function numbered(seq: number): Publication {
  return { type: 'state', epoch: 'e', seq, changed: [], removed: [] };
}

export function busContract(name: string, start: () => Promise<BusUnderTest>): void {
  describe(name, { timeout: 60_000 }, () => {
    let bus: BusUnderTest;
    let count = 0;
    beforeAll(async () => {
      bus = await start();
    });
    afterAll(async () => {
      await bus[Symbol.asyncDispose]();
    });

    /** Two members with names that no other test has; the first follows and the second is known to it. */
    async function pair(): Promise<Pair> {
      const number = ++count;
      const central = await bus.connect(`central-${number}`);
      const heard = listen(central);
      const agent = await bus.connect(`hv-${number}`);
      await until('the agent is here', () => heard.presences.includes(`hv-${number} here`));
      // Whoever has answered knows who follows it.
      await central.request(agent.address, {}).catch(() => {});
      return {
        central,
        agent,
        presences: () => heardOf(heard, agent.address).presences,
        seqs: () => heardOf(heard, agent.address).seqs,
        publications: () => heardOf(heard, agent.address).publications,
        [Symbol.asyncDispose]: async () => {
          await Promise.all([central, agent].map((each) => each[Symbol.asyncDispose]()));
        },
      };
    }

    test('answers a request, and says who asked', async () => {
      await using p = await pair();
      p.agent.serve(async (body, from) => ({ body, from: from.address }));
      expect(await p.central.request(p.agent.address, { a: [1, 'zwei', null] })).toEqual({
        body: { a: [1, 'zwei', null] },
        from: p.central.address,
      });
    });

    test('carries every letter of JSON', async () => {
      await using p = await pair();
      p.agent.serve(async (body) => body);
      const body = {
        text: '<a b="c">&amp;\'</a> \u0000\u0007\t\r\n \u2028 \ufffe\uffff é 🐧 \ud800 ]]>',
        'key with "quotes"': true,
      };
      expect(await p.central.request(p.agent.address, body)).toEqual(
        JSON.parse(JSON.stringify(body)),
      );
    });

    test('an answer may be nothing', async () => {
      await using p = await pair();
      p.agent.serve(async () => undefined);
      expect(await p.central.request(p.agent.address, {})).toBeUndefined();
    });

    test('requests go both ways', async () => {
      await using p = await pair();
      p.central.serve(async () => 'central');
      p.agent.serve(async () => 'agent');
      const both = [p.agent.request(p.central.address, 1), p.central.request(p.agent.address, 1)];
      expect(await Promise.all(both)).toEqual(['central', 'agent']);
    });

    test('what the handler throws is a refusal with its message', async () => {
      await using p = await pair();
      p.agent.serve(async () => {
        throw new Error('the domain is <not> running & never was');
      });
      await expect(p.central.request(p.agent.address, {})).rejects.toMatchObject({
        name: 'BusError',
        code: 'refused',
        message: 'the domain is <not> running & never was',
      });
    });

    test('who is not on the bus is unreachable, at once', async () => {
      await using p = await pair();
      const began = performance.now();
      for (const nobody of ['hv-nobody', 'Not an address', ''])
        await expect(p.central.request(nobody, {})).rejects.toMatchObject({ code: 'unreachable' });
      expect(performance.now() - began).toBeLessThan(4500);
    });

    test('who answers nothing is unreachable', async () => {
      await using p = await pair();
      await expect(p.central.request(p.agent.address, {})).rejects.toMatchObject({
        code: 'unreachable',
      });
    });

    test('a request ends after its time, and its handler hears of that', async () => {
      await using p = await pair();
      const handled = Promise.withResolvers<AbortSignal>();
      p.agent.serve((_, __, signal) => {
        handled.resolve(signal);
        return new Promise(() => {});
      });
      await expect(
        p.central.request(p.agent.address, {}, { timeoutMs: 300 }),
      ).rejects.toMatchObject({ code: 'timeout' });
      const signal = await handled.promise;
      await until('the handler is told', () => signal.aborted);
    });

    test('a request ends when its signal is aborted, with its reason', async () => {
      await using p = await pair();
      const handled = Promise.withResolvers<AbortSignal>();
      p.agent.serve((_, __, signal) => {
        handled.resolve(signal);
        return new Promise(() => {});
      });
      const stop = new AbortController();
      const work = p.central.request(p.agent.address, {}, { signal: stop.signal });
      const signal = await handled.promise;
      stop.abort(new Error('changed my mind'));
      await expect(work).rejects.toThrow('changed my mind');
      await until('the handler is told', () => signal.aborted);
      const late = p.central.request(p.agent.address, {}, { signal: AbortSignal.abort() });
      await expect(late).rejects.toThrow('aborted');
    });

    test('requests to one member arrive in order', async () => {
      await using p = await pair();
      const got: unknown[] = [];
      p.agent.serve(async (body) => void got.push(body));
      const numbers = Array.from({ length: 200 }, (_, at) => at);
      await Promise.all(numbers.map((number) => p.central.request(p.agent.address, number)));
      expect(got).toEqual(numbers);
    });

    test('many requests at once get each its own answer', async () => {
      await using p = await pair();
      p.agent.serve(async (body) => {
        await sleep(((body as number) * 7) % 20);
        return body;
      });
      const numbers = Array.from({ length: 500 }, (_, at) => at);
      expect(
        await Promise.all(numbers.map((number) => p.central.request(p.agent.address, number))),
      ).toEqual(numbers);
    });

    test('bodies of 1 MiB go both ways, and overtake nothing', async () => {
      await using p = await pair();
      const got: unknown[] = [];
      p.agent.serve(async (body) => {
        got.push((body as { n: number }).n);
        return body;
      });
      const large = { n: 1, xml: '<domain type="kvm">&🐧'.repeat(50_000) };
      const [echo] = await Promise.all([
        p.central.request(p.agent.address, large),
        p.central.request(p.agent.address, { n: 2 }),
      ]);
      expect(echo).toEqual(large);
      expect(got).toEqual([1, 2]);
    });

    test('nobody can change what another has sent', async () => {
      await using p = await pair();
      const sent = { list: [1] };
      p.agent.serve(async (body) => {
        (body as { list: number[] }).list.push(2);
        return body;
      });
      expect(await p.central.request(p.agent.address, sent)).toEqual({ list: [1, 2] });
      expect(sent).toEqual({ list: [1] });
    });

    test('nobody can send in the name of another', async () => {
      await using p = await pair();
      const number = ++count;
      await using stranger = await bus.connect(`hv-${number}`);
      p.agent.serve(async (_, from) => from.address);
      const claim = { from: p.central.address, type: 'sync' };
      expect(await stranger.request(p.agent.address, claim)).toBe(stranger.address);
    });

    test('publications reach who follows, whole and in order', async () => {
      await using p = await pair();
      const numbers = Array.from({ length: 500 }, (_, at) => at + 1);
      for (const number of numbers) p.agent.publish(numbered(number));
      await until('all have come', () => p.seqs().length >= numbers.length);
      expect(p.seqs()).toEqual(numbers);
      expect(p.publications()[0]).toEqual(numbered(1));
    });

    test('a large publication keeps its place', async () => {
      await using p = await pair();
      const large: Publication = { ...numbered(2), removed: Array(30_000).fill('vm:ü') } as never;
      p.agent.publish(numbered(1));
      p.agent.publish(large);
      p.agent.publish(numbered(3));
      await until('all have come', () => p.seqs().length >= 3);
      expect(p.seqs()).toEqual([1, 2, 3]);
      expect(p.publications()[1]).toEqual(large);
    });

    test('nobody hears themselves, or what was published before they followed', async () => {
      await using p = await pair();
      const own = listen(p.agent);
      await until('the other is here', () => own.presences.includes(`${p.central.address} here`));
      p.agent.publish(numbered(1));
      await until('it has come', () => p.seqs().length === 1);
      const late = await bus.connect(`central-late-${count}`);
      const heard = listen(late);
      await until('the agent is here', () => heard.presences.includes(`${p.agent.address} here`));
      await late.request(p.agent.address, {}).catch(() => {});
      p.agent.publish(numbered(2));
      await until('it has come', () => heard.publications.length > 0);
      expect(heard.publications).toEqual([[p.agent.address, numbered(2)]]);
      expect(own.publications).toEqual([]);
      await late[Symbol.asyncDispose]();
    });

    test('who follows is known to all: a state asked for at "here" misses nothing after it', async () => {
      const number = ++count;
      const agent = await bus.connect(`hv-${number}`);
      let seq = 0;
      agent.serve(async () => seq);
      const timer = setInterval(() => agent.publish(numbered(++seq)), 1);
      try {
        for (let round = 0; round < 3; round++) {
          const central = await bus.connect(`central-${number}-${round}`);
          const seqs: number[] = [];
          const synced = Promise.withResolvers<number>();
          central.follow({
            onPublication: (from, publication) => {
              if (from === agent.address) seqs.push((publication as { seq: number }).seq);
            },
            onPresence: (address, presence) => {
              if (address !== agent.address || presence !== 'here') return;
              central.request(address, {}).then(
                (state) => synced.resolve(state as number),
                (error: unknown) => synced.reject(error),
              );
            },
          });
          const state = await synced.promise;
          await until('more has come', () => (seqs.at(-1) ?? 0) > state + 20);
          const after = seqs.filter((each) => each > state);
          expect(after).toEqual(after.map((_, at) => state + 1 + at));
          await central[Symbol.asyncDispose]();
        }
      } finally {
        clearInterval(timer);
        await agent[Symbol.asyncDispose]();
      }
    });

    test('presence: gone at once when closed, here again when back', async () => {
      await using p = await pair();
      const began = performance.now();
      await p.agent[Symbol.asyncDispose]();
      await until('it is gone', () => p.presences().at(-1) === 'gone');
      expect(performance.now() - began).toBeLessThan(4500);
      const back = await bus.connect(p.agent.address);
      await until('it is here', () => p.presences().at(-1) === 'here');
      expect(p.presences()).toEqual(['here', 'gone', 'here']);
      await back[Symbol.asyncDispose]();
    });

    test('a request to who goes away is unreachable', async () => {
      await using p = await pair();
      const handled = Promise.withResolvers<void>();
      p.agent.serve(() => {
        handled.resolve();
        return new Promise(() => {});
      });
      const work = p.central.request(p.agent.address, {});
      work.catch(() => {});
      await handled.promise;
      await p.agent[Symbol.asyncDispose]();
      await expect(work).rejects.toMatchObject({ code: 'unreachable' });
    });

    test('a closed connection does nothing more', async () => {
      await using p = await pair();
      const handled = Promise.withResolvers<AbortSignal>();
      p.central.serve((_, __, signal) => {
        handled.resolve(signal);
        return new Promise(() => {});
      });
      const work = p.agent.request(p.central.address, {});
      work.catch(() => {});
      const signal = await handled.promise;
      await p.agent[Symbol.asyncDispose]();
      await p.agent[Symbol.asyncDispose]();
      expect(p.agent.connected).toBe(false);
      await expect(work).rejects.toBeInstanceOf(BusError);
      await expect(p.agent.request(p.central.address, {})).rejects.toMatchObject({
        code: 'closed',
      });
      await until('the handler is told', () => signal.aborted);
      p.agent.publish(numbered(1));
      await sleep(100);
      expect(p.seqs()).toEqual([]);
    });

    test('a cut loses no publication, and no request', async ({ skip }) => {
      await using p = await pair();
      skip(!bus.cut, 'it has no socket');
      p.agent.serve(async (body) => body);
      const answers: Promise<unknown>[] = [];
      for (let number = 1; number <= 400; number++) {
        p.agent.publish(numbered(number));
        answers.push(p.central.request(p.agent.address, number));
        if (number % 100 === 50) bus.cut?.(number % 200 === 50 ? p.agent : p.central);
        await sleep(number % 100 > 50 ? 2 : 0);
      }
      const numbers = answers.map((_, at) => at + 1);
      expect(await Promise.all(answers)).toEqual(numbers);
      await until('all have come', () => p.seqs().length >= numbers.length);
      expect(p.seqs()).toEqual(numbers);
      expect(p.presences()).toEqual(['here']);
    });
  });
}

interface Pair extends AsyncDisposable {
  readonly central: BusConnection;
  readonly agent: BusConnection;
  /** What the central heard of the agent. */
  presences(): string[];
  seqs(): number[];
  publications(): unknown[];
}
