// ssh's ProxyCommand: joins stdin and stdout to a port of a machine. argv: gateway socket, host, port.
import { openTunnel } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { messageOf } from '../util/message-of.ts';

const [socketPath = '', host = '', port = '22'] = process.argv.slice(2);

void main();

async function main(): Promise<void> {
  try {
    const tunnel = await openTunnel(socketPath, host, Number(port));
    tunnel.on('error', () => process.exit(1));
    tunnel.on('end', () => process.exit(0));
    process.stdin.pipe(tunnel).pipe(process.stdout);
  } catch (error) {
    const off = nobodyListens(error);
    const reason = messageOf(error);
    process.stderr.write(
      `skerry: ${off ? 'the lab is not running (start it with: skerry up)' : reason}\n`,
    );
    process.exitCode = 1;
  }
}
