// A TCP connection that can be cut, or lose everything silently, or find nobody.
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** `hole`: what is sent is lost, and nobody is told. `refuse`: who connects is cut at once. */
  set(mode: 'up' | 'hole' | 'refuse'): void;
  /** Resets all connections. */
  cut(): void;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  let mode: 'up' | 'hole' | 'refuse' = 'up';
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => {});
    if (mode === 'refuse') {
      near.destroy();
      return;
    }
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    far.on('error', () => {});
    // What is lost on the way is lost for good: after a hole there is only a new connection.
    let isLossy = false;
    const pass = (to: Socket) => (data: Buffer) => {
      isLossy ||= mode === 'hole';
      if (!isLossy) to.write(data);
    };
    near.on('data', pass(far));
    far.on('data', pass(near));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('close', () => {
        open.delete(one);
        // A hole tells nobody of an end either.
        if (!isLossy) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port,
    set: (next) => (mode = next),
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
