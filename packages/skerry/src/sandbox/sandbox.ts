// Starts and ends sandboxes, from outside. A sandbox lives exactly as long as the flock on its sandbox.lock is held:
// the first process of the sandbox holds it and all others inherit it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkerryError } from '../util/errors.ts';
import { killGroup } from '../util/kill-group.ts';
import { cacheDir, type LabPaths } from '../util/paths.ts';
import { poll } from '../util/poll.ts';
import { namespaceArgs } from '../util/rootless.ts';
import { run } from '../util/run.ts';
import { uuidOf } from '../util/uuid.ts';
import { SCRIPT_EXTENSION } from '../util/script-extension.ts';
import { libvirtdConf, qemuConf, SANDBOX } from './config.ts';
import { askToStop, sandboxStatus } from './gateway.ts';
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
  readonly signal?: AbortSignal | undefined;
}

const START_MS = 30_000;
const BUSY = 75;

/** Starts the lab's sandbox, or finds it running. Ready when the supervisor answers; libvirtd may need a moment more. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxStatus> {
  const { paths, signal } = options;
  const running = await sandboxStatus(paths.gatewaySocket);
  if (running) return running;
  await prepare(options);
  const child = await launch(options);
  // Asked, not listened for: it may have ended before anybody could listen.
  const exitCode = (): number | null => child.exitCode ?? (child.signalCode === null ? null : 1);
  return poll(
    async () => {
      const status = await sandboxStatus(paths.gatewaySocket);
      // BUSY: another command started it a moment earlier; wait for that one.
      if (status || exitCode() === null || exitCode() === BUSY) return status;
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
  if (await isGone(paths, 0)) return;
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
  const [pid = '', startTime = ''] = (
    await readFile(paths.sandboxPid, 'utf8').catch(() => '')
  ).split(' ');
  // A pid may have been given to another process since: its start time tells.
  if (!/^\d+$/.test(pid) || (await startTimeOf(Number(pid))) !== startTime.trim()) return;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const first = children.split(' ').find(Boolean) ?? pid;
  process.kill(Number(first), 'SIGKILL');
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

async function prepare({ paths, imagesDir }: SandboxOptions): Promise<void> {
  if (Buffer.byteLength(paths.libvirtSocket) > 107)
    throw new SkerryError('STATE_PATH_LONG', { data: { path: paths.libvirtSocket } });
  const asRoot = process.getuid?.() === 0;
  const etc = join(paths.libvirtDir, 'etc');
  const capabilities = join(paths.libvirtDir, 'cache', 'qemu', 'capabilities');
  await Promise.all([etc, paths.logDir, imagesDir].map((dir) => mkdir(dir, { recursive: true })));
  await writeFile(join(etc, 'libvirtd.conf'), libvirtdConf(uuidOf('host', paths.id)));
  await writeFile(join(etc, 'qemu.conf'), qemuConf(asRoot));
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

async function launch(options: SandboxOptions): Promise<ReturnType<typeof spawn>> {
  const { paths, imagesDir, accel, uplink, gateway, domain } = options;
  await rm(paths.gatewaySocket, { force: true });
  await rm(paths.libvirtSocket, { force: true });
  await rm(join(paths.logDir, 'libvirtd.log'), { force: true });
  const log = await open(join(paths.logDir, 'sandbox.log'), 'w');
  const supervisor = fileURLToPath(new URL(`./supervisor${SCRIPT_EXTENSION}`, import.meta.url));
  const init = fileURLToPath(new URL('../../share/sandbox-init.sh', import.meta.url));
  const child = spawn(
    'flock',
    [
      ...['-n', '-F', '-E', String(BUSY), paths.sandboxLock],
      ...['unshare', ...namespaceArgs(), 'sh', init],
      ...[process.execPath, '--max-semi-space-size=1', '--max-old-space-size=64', supervisor],
    ],
    {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      cwd: '/',
      env: {
        PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
        LC_ALL: 'C.UTF-8',
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
      },
    },
  );
  await new Promise<void>((resolve, reject) => {
    child.on('spawn', resolve);
    child.on('error', (cause) =>
      reject(new SkerryError('PROGRAM_MISSING', { data: { program: 'flock' }, cause })),
    );
  });
  await log.close();
  child.unref();
  await writeFile(paths.sandboxPid, `${child.pid} ${(await startTimeOf(child.pid ?? 0)) ?? ''}`);
  return child;
}

async function startError(paths: LabPaths): Promise<SkerryError> {
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
