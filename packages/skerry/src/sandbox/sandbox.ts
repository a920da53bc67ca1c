// Starts and ends sandboxes, from outside. A sandbox lives exactly as long as the flock on its sandbox.lock is held:
// the first process of the sandbox holds it and all others inherit it.
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkerryError } from '../util/errors.ts';
import { killGroup, signalProcess } from '../util/kill-group.ts';
import { cacheDir, type LabPaths } from '../util/paths.ts';
import { poll } from '../util/poll.ts';
import { namespaceArgs } from '../util/rootless.ts';
import { run } from '../util/run.ts';
import { uuidOf } from '../util/uuid.ts';
import { SCRIPT_EXTENSION } from '../util/script-extension.ts';
import { libvirtdConf, qemuConf, SANDBOX } from './config.ts';
import { askToStop, sandboxStatus } from './gateway.ts';
import { BUSY, childrenOf, exitCodeOf, launch, outermostPid } from './launch.ts';
import { preflight } from './preflight.ts';
import type { SandboxStatus } from './protocol.ts';

export interface SandboxOptions {
  readonly paths: LabPaths;
  readonly imagesDir: string;
  readonly accel: 'kvm' | 'tcg';
  readonly uplink: string;
  /** The lab's DNS server and domain, for names given to the gateway. */
  readonly gateway: string;
  readonly domain: string;
  /** What makes it one of several machines on a bridge (src/hypervisors). */
  readonly peer?: SandboxPeer | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A sandbox inside other namespaces, which gives it a host name and links to others. */
export interface SandboxPeer {
  /** Words before a command that run it in those namespaces, as their root. */
  readonly enter: readonly string[];
  /** The only address where its libvirtd and migrations listen. */
  readonly address: string;
  /** For share/hypervisor-links.sh. */
  readonly env: Readonly<Record<string, string>>;
}

const START_MS = 30_000;

/** Starts the lab's sandbox, or finds it running. Ready when the supervisor answers; libvirtd may need a moment more. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxStatus> {
  const { paths, signal } = options;
  const running = await sandboxStatus(paths.gatewaySocket);
  if (running) return running;
  await prepare(options);
  const child = await launchSupervisor(options);
  return poll(
    async () => {
      const status = await sandboxStatus(paths.gatewaySocket);
      // BUSY: another command started it a moment earlier; wait for that one.
      if (status || exitCodeOf(child) === null || exitCodeOf(child) === BUSY) return status;
      // A helper that unshare left behind would hold the lock for ever.
      killGroup(child.pid);
      throw await startError(paths);
    },
    {
      signal,
      timeoutMs: START_MS,
      intervalMs: 10,
      maxIntervalMs: 50,
      onTimeout: () => timeoutError(paths),
    },
  );
}

/** Ends the sandbox and everything in it; returns when every process of it is gone. Fine to call when none runs. */
export async function stopSandbox(paths: LabPaths): Promise<void> {
  if (!existsSync(paths.sandboxLock)) return;
  const asked = await askToStop(paths.gatewaySocket).catch(() => false);
  if (asked && (await isGone(paths, 5))) return;
  await killSandbox(paths);
}

/** The same without a word: as if its host had lost power. */
export async function killSandbox(paths: LabPaths): Promise<void> {
  if (!existsSync(paths.sandboxLock) || (await isGone(paths, 0))) return;
  await killByPid(paths);
  if (!(await isGone(paths, 10)))
    throw new SkerryError('SANDBOX_STUCK', { data: { lock: paths.sandboxLock } });
}

/** Whether any process of the sandbox is alive, supervisor or not. */
export async function isSandboxAlive(paths: LabPaths): Promise<boolean> {
  return existsSync(paths.sandboxLock) && !(await isGone(paths, 0));
}

async function isGone(paths: LabPaths, waitSeconds: number): Promise<boolean> {
  const wait = waitSeconds > 0 ? ['-w', String(waitSeconds)] : ['-n'];
  return (await run('flock', [...wait, paths.sandboxLock, 'true'])).code === 0;
}

/**
 * Kills pid 1 of the sandbox, and the kernel the rest. The outermost process, which has the lock, then ends last; it is
 * killed itself only when it has no child.
 */
async function killByPid(paths: LabPaths): Promise<void> {
  const pid = await outermostPid(paths);
  if (pid === undefined) return;
  const [first = pid] = await childrenOf(pid);
  signalProcess(first, 'SIGKILL');
}

async function prepare({ paths, imagesDir, peer }: SandboxOptions): Promise<void> {
  if (Buffer.byteLength(paths.libvirtSocket) > 107)
    throw new SkerryError('STATE_PATH_LONG', { data: { path: paths.libvirtSocket } });
  const asRoot = process.getuid?.() === 0;
  const etc = join(paths.libvirtDir, 'etc');
  const capabilities = join(paths.libvirtDir, 'cache', 'qemu', 'capabilities');
  await Promise.all([etc, paths.logDir, imagesDir].map((dir) => mkdir(dir, { recursive: true })));
  await writeFile(
    join(etc, 'libvirtd.conf'),
    libvirtdConf(uuidOf('host', paths.id), peer?.address),
  );
  await writeFile(join(etc, 'qemu.conf'), qemuConf(asRoot, peer?.address));
  const known = join(cacheDir(), 'libvirt', 'capabilities');
  if (!existsSync(capabilities) && existsSync(known))
    await cp(known, capabilities, { recursive: true });
}

/** Keeps what libvirt learnt of QEMU for other labs: probing it anew costs seconds. */
export async function keepCapabilities(paths: LabPaths): Promise<void> {
  const capabilities = join(paths.libvirtDir, 'cache', 'qemu', 'capabilities');
  const known = join(cacheDir(), 'libvirt', 'capabilities');
  if (existsSync(capabilities) && !existsSync(known))
    await cp(capabilities, known, { recursive: true });
}

async function launchSupervisor(options: SandboxOptions): Promise<ChildProcess> {
  const { paths, imagesDir, accel, uplink, gateway, domain, peer } = options;
  await rm(paths.gatewaySocket, { force: true });
  await rm(paths.libvirtSocket, { force: true });
  await rm(join(paths.logDir, 'libvirtd.log'), { force: true });
  const supervisor = fileURLToPath(new URL(`./supervisor${SCRIPT_EXTENSION}`, import.meta.url));
  const init = fileURLToPath(new URL('../../share/sandbox-init.sh', import.meta.url));
  const unshare = peer
    ? [...peer.enter, 'unshare', '--uts', ...namespaceArgs(0)]
    : ['unshare', ...namespaceArgs()];
  return launch({
    paths,
    command: [
      ...[...unshare, 'sh', init],
      ...[process.execPath, '--max-semi-space-size=1', '--max-old-space-size=64', supervisor],
    ],
    env: {
      ...(process.env.NODE_COMPILE_CACHE && {
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      }),
      SKERRY_LAB: paths.dir,
      SKERRY_IMAGES: imagesDir,
      SKERRY_ACCEL: accel,
      SKERRY_UPLINK: uplink,
      SKERRY_DNS: SANDBOX.dns,
      SKERRY_GATEWAY: gateway,
      SKERRY_DOMAIN: domain,
      ...peer?.env,
    },
  });
}

export async function startError(paths: LabPaths): Promise<SkerryError> {
  const hostError = await preflight().catch(() => undefined);
  if (hostError) return hostError;
  const log = join(paths.logDir, 'sandbox.log');
  const reason =
    (await readFile(log, 'utf8').catch(() => '')).trim().slice(-500) || 'it said nothing';
  return new SkerryError('SANDBOX_START', { data: { reason, log } });
}

function timeoutError(paths: LabPaths): SkerryError {
  return new SkerryError('SANDBOX_TIMEOUT', {
    data: { seconds: START_MS / 1000, log: join(paths.logDir, 'sandbox.log') },
  });
}
