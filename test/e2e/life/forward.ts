import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';

const ECHO = `
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalPort => 7, Listen => 9, ReuseAddr => 1) or die $!;
exit if fork;
while (my $c = $l->accept) {
  next if fork;
  while (sysread $c, my $b, 65536) { my $o = 0; while ($o < length $b) { $o += syswrite $c, $b, length($b) - $o, $o } }
  exit;
}`;

export function forward(lab: () => TestLab, port: number): void {
  test('a port of the lab file carries bytes both ways, intact', async () => {
    await lab().ok(['exec', '--on', 'central_server', '--', 'perl', '-e', ECHO]);
    await expectEcho(port);
    expect((await lab().status()).sandbox?.forwards).toMatchObject([
      { host: port, guest: 7, background: true },
    ]);
  });

  test('a port taken for the moment does too, any free one with 0, and goes with Ctrl-C', async () => {
    const running = lab().start(['forward', 'central_server', '0:7']);
    const [, free] = await running.heard(/^127\.0\.0\.1:(\d+) -> central_server:7$/m);
    await expectEcho(Number(free));
    expect(await lab().ok(['forward'])).toContain(`127.0.0.1:${free} -> central_server:7`);
    running.child.kill('SIGINT');
    await running.ended;
    expect(await lab().ok(['forward'])).not.toContain(`:${free} `);
    await expect(expectEcho(Number(free))).rejects.toThrow(/ECONNREFUSED/);
  });

  test('a port of the guest where nobody listens closes the connection', async () => {
    const running = lab().start(['forward', 'central_server', '0:9']);
    const [, free] = await running.heard(/^127\.0\.0\.1:(\d+) ->/m);
    expect(await echo(Number(free), Buffer.from('hello'))).toHaveLength(0);
    running.child.kill('SIGINT');
    await running.ended;
  });
}

async function expectEcho(port: number): Promise<void> {
  const bytes = randomBytes(2 ** 20);
  expect((await echo(port, bytes)).equals(bytes)).toBe(true);
}

/** Sends bytes, closes its side, and gives all that came back. */
async function echo(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
