import type { Duplex } from 'node:stream';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { connectLab } from '../sandbox/connect.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { labOff } from './lab-off.ts';

/** The key that leaves a console, as telnet and virsh have it: Ctrl-]. */
export const ESCAPE = 0x1d;

/**
 * Joins a terminal to a machine's serial console until Ctrl-], the end of `input` or the machine's end.
 * @throws LAB_OFF, MACHINE_OFF
 */
export async function attachConsole(
  lab: LabSpec,
  machine: string,
  terminal: { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream },
  signal: AbortSignal,
): Promise<void> {
  const paths = labPaths(lab);
  if (!(await sandboxStatus(paths.gatewaySocket))) throw labOff(lab);
  await using connection = await connectLab(paths, signal);
  const domain = await connection.domain(machine).catch(() => undefined);
  if (!domain || !(await domain.isActive()))
    throw new SkerryError('MACHINE_OFF', { data: { machine } });
  const stream: Duplex = await domain.openConsole();
  const { input, output } = terminal;
  const isTerminal = input.isTTY;
  if (isTerminal) input.setRawMode(true);
  try {
    await new Promise<void>((resolve, reject) => {
      stream.on('data', (data: Buffer) => output.write(data));
      stream.on('error', reject);
      stream.on('close', resolve);
      stream.on('end', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      input.on('data', (data: Buffer) => {
        const escape = isTerminal ? data.indexOf(ESCAPE) : -1;
        stream.write(escape < 0 ? data : data.subarray(0, escape));
        if (escape >= 0) resolve();
      });
      if (!isTerminal) input.on('end', resolve);
    });
  } finally {
    stream.destroy();
    input.pause();
    if (isTerminal) input.setRawMode(false);
  }
}
