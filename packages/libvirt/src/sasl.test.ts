import { describe, expect, test } from 'vitest';
import { FakeDaemon, type Handlers } from '../test/fake-daemon.ts';
import { connect, type ConnectOptions } from './connect.ts';
import { chooseMechanism, startSasl } from './sasl.ts';

const pencil = { username: 'user', password: 'pencil' };

/** The exchanges of RFC 5802 section 5 and RFC 7677 section 3. */
const exchanges = [
  {
    mechanism: 'SCRAM-SHA-1',
    nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    proof: 'p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    serverFinal: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    mechanism: 'SCRAM-SHA-256',
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    serverFirst:
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    proof: 'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
];

describe.each(exchanges)('$mechanism', ({ mechanism, nonce, serverFirst, proof, serverFinal }) => {
  test('speaks as in its RFC', async () => {
    const sasl = startSasl(mechanism, pencil, nonce);
    expect(String(sasl.start)).toBe(`n,,n=user,r=${nonce}`);
    const serverNonce = serverFirst.slice(0, serverFirst.indexOf(','));
    expect(String(await sasl.step(Buffer.from(serverFirst)))).toBe(
      `c=biws,${serverNonce},${proof}`,
    );
    expect(sasl.isDone).toBe(false);
    expect(await sasl.step(Buffer.from(serverFinal))).toBeNull();
    expect(sasl.isDone).toBe(true);
  });

  test.each([
    ['a nonce that is not ours', (first: string) => first.replace('r=', 'r=x')],
    ['no nonce of its own', () => `r=${nonce},s=QSXCR+Q6sek8bf92,i=4096`],
    ['no salt', (first: string) => first.replace(/,s=[^,]*/, '')],
    ['rounds for ever', (first: string) => first.replace('i=4096', 'i=999999999')],
    ['an extension we must know', (first: string) => `m=x,${first}`],
    ['an error', () => 'e=other-error'],
    ['nonsense', () => '\0\0'],
  ])('refuses a server with %s', async (_, change) => {
    const sasl = startSasl(mechanism, pencil, nonce);
    const error = (await sasl
      .step(Buffer.from(change(serverFirst)))
      .catch((e: unknown) => e)) as Error;
    expect(error.message).toMatch(/SCRAM|refuses/);
    expect(error.message).not.toContain('pencil');
  });

  test('notices a server that does not know the password', async () => {
    const sasl = startSasl(mechanism, pencil, nonce);
    await sasl.step(Buffer.from(serverFirst));
    await expect(sasl.step(Buffer.from('v=AAAA'))).rejects.toThrow(/does not know the password/);
    expect(sasl.isDone).toBe(false);
  });
});

test('names with = and , are escaped', () => {
  const { start } = startSasl('SCRAM-SHA-256', { username: 'a=b,c', password: '' }, 'n');
  expect(String(start)).toBe('n,,n=a=3Db=2Cc,r=n');
});

test('PLAIN sends both, and refuses what would forge a field', () => {
  expect(startSasl('PLAIN', pencil).start.toString()).toBe('\0user\0pencil');
  expect(() => startSasl('PLAIN', { username: 'a\0b', password: '' })).toThrow(/NUL/);
});

test.each([
  ['PLAIN,SCRAM-SHA-1,SCRAM-SHA-256', true, 'SCRAM-SHA-256'],
  ['SCRAM-SHA-512 SCRAM-SHA-256', true, 'SCRAM-SHA-512'],
  ['GSSAPI,PLAIN', true, 'PLAIN'],
  ['GSSAPI,PLAIN', false, undefined],
  ['GSSAPI,DIGEST-MD5', true, undefined],
  ['', true, undefined],
])('of "%s" (secure: %s) chooses %s', (offered, isSecure, chosen) => {
  expect(chooseMechanism(offered, isSecure)).toBe(chosen);
});

describe('a daemon that wants a password', () => {
  const wants: Handlers = {
    AUTH_LIST: () => ({ types: [1] }),
    AUTH_SASL_INIT: () => ({ mechlist: 'GSSAPI,PLAIN' }),
    AUTH_SASL_START: ({ mech, data }) => {
      expect([mech, Buffer.from(data as number[]).toString()]).toEqual(['PLAIN', '\0user\0pencil']);
      return { complete: 1, nil: 1, data: [] };
    },
  };
  const open = async (
    handlers: Handlers,
    options: ConnectOptions = {},
    uri = 'test:///default',
  ): Promise<FakeDaemon> => {
    const daemon = new FakeDaemon({ ...wants, ...handlers });
    await using _ = await connect(uri, { dial: daemon.dial, ...options });
    return daemon;
  };

  test('gets it', async () => {
    const { peer } = await open({}, { credentials: pencil });
    expect(peer.calls.slice(0, 4)).toEqual([
      ...['AUTH_LIST', 'AUTH_SASL_INIT', 'AUTH_SASL_START', 'CONNECT_SUPPORTS_FEATURE'],
    ]);
  });

  test('gets it from who can ask a person', async () => {
    const asked: unknown[] = [];
    await open({}, { credentials: async (request) => (asked.push(request), pencil) });
    expect(asked).toMatchObject([{ mechanism: 'PLAIN', address: expect.any(String) }]);
  });

  test('is an error without one', async () => {
    await expect(open({})).rejects.toThrow(/set the option "credentials"/);
  });

  test('gets no PLAIN over TCP', async () => {
    const uri = 'test+tcp://host/default';
    await expect(open({}, { credentials: pencil }, uri)).rejects.toThrow(/use tls or ssh/);
    const isOpen = { AUTH_LIST: () => ({ types: [0] }) };
    await expect(open(isOpen, {}, uri)).rejects.toThrow(/TCP without SASL/);
  });

  test('is not believed before it has proven that it knows the password', async () => {
    const liar: Handlers = {
      AUTH_SASL_INIT: () => ({ mechlist: 'SCRAM-SHA-256' }),
      AUTH_SASL_START: () => ({ complete: 1, nil: 1, data: [] }),
    };
    await expect(open(liar, { credentials: pencil })).rejects.toThrow(/has not proven/);
  });
});
