// Listens where it is started and hands the socket to its parent. argv: address, port.
import { createServer } from 'node:net';

const [address = '', port = ''] = process.argv.slice(2);
const server = createServer();
server.on('error', ({ message }) => {
  process.stderr.write(message);
  process.exit(1);
});
server.listen(Number(port), address, () => {
  process.send?.('listening', server, {}, () => process.exit(0));
});
