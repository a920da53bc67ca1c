import type { Command } from 'commander';
import { SkerryError } from '../util/errors.ts';
import {
  type CommonOptions,
  interruptible,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';
import { labOff } from '../lab/lab-off.ts';
import { messageOf } from '../util/message-of.ts';

interface Options extends CommonOptions {
  readonly address: string;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine]', 'its name; without it, the forwards that run are listed')
    .argument('[ports...]', 'GUEST or HOST:GUEST; HOST 0 takes any free port')
    .option('--address <ip>', 'where to listen on this host', '127.0.0.1')
    .action(run);
  withExample(
    command,
    '$ skerry forward central_server 8080:80     # until Ctrl-C',
    '$ skerry forward                            # what is forwarded now',
  );
}

async function run(name: string | undefined, ports: string[], options: Options): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([interruptible(), failed.signal]);
  const lab = await labOf(options);
  const { labPaths } = await import('../util/paths.ts');
  const { sandboxStatus } = await import('../sandbox/gateway.ts');
  const paths = labPaths(lab);
  const status = await sandboxStatus(paths.gatewaySocket);
  if (name === undefined) {
    const forwards = status?.forwards ?? [];
    if (options.json) printJson(forwards);
    else if (forwards.length === 0) console.log('Nothing is forwarded.');
    else
      for (const each of forwards)
        console.log(`${each.address}:${each.host} -> ${each.machine}:${each.guest}`);
    return;
  }
  if (!status) throw labOff(lab);
  const { machineNames } = await import('../lab-file/select.ts');
  const { listenForward } = await import('../lab/listen-forward.ts');
  const { forwardError } = await import('../lab/forwards.ts');
  const [machine = ''] = machineNames(lab, [name]);
  if (ports.length === 0) throw usage('say which port: skerry forward NAME 8080:80');
  const parsed = ports.map(parsePorts);
  const ended = parsed.map(async (pair) => {
    const forward = { machine, address: options.address, ...pair };
    try {
      const { closed, port } = await listenForward(paths.gatewaySocket, forward, {
        background: false,
        signal,
      });
      if (options.json) printJson({ ...forward, host: port });
      else console.log(`${forward.address}:${port} -> ${machine}:${forward.guest}`);
      // In an object: a promise of a promise would be waited for.
      return { closed };
    } catch (error) {
      throw forwardError({
        error: messageOf(error),
        forward,
      });
    }
  });
  const running = await Promise.all(ended).catch((error: unknown) => {
    // All or none: the others let go of their ports.
    failed.abort();
    throw error;
  });
  process.stderr.write('Forwarding until Ctrl-C or the end of the lab.\n');
  await Promise.race([
    ...running.map(({ closed }) => closed),
    new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    }),
  ]);
  process.exit(0);
}

function parsePorts(text: string): { host: number; guest: number } {
  const [, host, guest] = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(text) ?? [];
  const ports = { host: Number(host ?? guest), guest: Number(guest) };
  if (guest === undefined || ports.host > 65535 || ports.guest > 65535 || ports.guest === 0)
    throw usage(`'${text}' is not a port: write GUEST or HOST:GUEST, such as 8080:80`);
  return ports;
}

function usage(detail: string): SkerryError {
  return new SkerryError('USAGE', { data: { detail, command: 'skerry forward' } });
}
