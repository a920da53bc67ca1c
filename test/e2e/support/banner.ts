import { once } from 'node:events';
import { connect } from 'node:net';

/** The first bytes a server on a port of 127.0.0.1 says. */
export async function banner(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString('latin1');
  } finally {
    socket.destroy();
  }
}
