import type { Duplex } from 'node:stream';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { connectLab } from '../sandbox/connect.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { labOff } from './lab-off.ts';

/** A machine's serial console, as long as it is not disposed of. */
export interface LabConsole extends AsyncDisposable {
  readonly stream: Duplex;
}

/** @throws LAB_OFF, MACHINE_OFF */
export async function openLabConsole(
  lab: LabSpec,
  machine: string,
  signal: AbortSignal,
): Promise<LabConsole> {
  const paths = labPaths(lab);
  if (!(await sandboxStatus(paths.gatewaySocket))) throw labOff(lab);
  await using stack = new AsyncDisposableStack();
  const connection = stack.use(await connectLab(paths, signal));
  const domain = await connection.domain(machine).catch(() => undefined);
  if (!domain || !(await domain.isActive()))
    throw new SkerryError('MACHINE_OFF', { data: { machine } });
  const stream = await domain.openConsole();
  const ends = stack.move();
  return { stream, [Symbol.asyncDispose]: () => ends.disposeAsync() };
}
