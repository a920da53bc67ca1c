import type { Connection } from '@skerry/libvirt';
import { imagesDir } from '../image/store.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import type { ForwardStatus } from '../sandbox/protocol.ts';
import { startSandbox, stopSandbox } from '../sandbox/sandbox.ts';
import { chooseUplink } from '../sandbox/uplink.ts';
import type { LabPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { connectLab } from '../sandbox/connect.ts';
import { observe } from './observe.ts';
import type { Progress } from './progress.ts';

export interface OpenSandbox {
  readonly connection: Connection;
  readonly accel: 'kvm' | 'tcg';
  readonly uplink: string;
  readonly forwards: readonly ForwardStatus[];
}

export interface OpenSandboxOptions {
  readonly lab: LabSpec;
  readonly paths: LabPaths;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Asked only when none runs yet. */
  readonly chooseAccel: () => Promise<'kvm' | 'tcg'>;
}

/**
 * The lab's sandbox and a connection to its libvirt, which `scope` closes; started where none runs. Unless `scope` is moved, a sandbox in which no
 * machine runs at its end is ended too: what fails leaves nothing running.
 */
export async function openSandbox(
  scope: AsyncDisposableStack,
  { lab, paths, progress, signal, chooseAccel }: OpenSandboxOptions,
): Promise<OpenSandbox> {
  const running = await sandboxStatus(paths.gatewaySocket);
  const isUsable = running !== undefined && running.libvirtd !== 'failed';
  const { accel, uplink, forwards } = isUsable
    ? running
    : await startFresh(lab, paths, await chooseAccel(), progress, signal);
  scope.defer(() => stopIdle(paths, !running));
  const connection = await progress.phase('libvirt', undefined, () => connectLab(paths, signal));
  return { connection, accel, uplink, forwards: isUsable ? forwards : [] };
}

function startFresh(
  lab: LabSpec,
  paths: LabPaths,
  accel: 'kvm' | 'tcg',
  progress: Progress,
  signal: AbortSignal,
): ReturnType<typeof startSandbox> {
  const { gateway, domain } = lab.network;
  const uplink = chooseUplink();
  return progress.phase('sandbox', undefined, async () => {
    // One whose libvirtd cannot be kept alive, or whose supervisor was killed, is of no use any more.
    await stopSandbox(paths);
    return startSandbox({ paths, imagesDir: imagesDir(), accel, uplink, gateway, domain, signal });
  });
}

/** Ends the sandbox if no machine runs in it. `isFresh` says so where nobody can be asked. */
async function stopIdle(paths: LabPaths, isFresh: boolean): Promise<void> {
  const isIdle = async (): Promise<boolean> => {
    await using connection = await connectLab(paths);
    return (await observe(connection)).every(({ state }) => state === 'shutoff');
  };
  // One that is new has no machine of before to lose.
  if (await isIdle().catch(() => isFresh)) await stopSandbox(paths);
}
