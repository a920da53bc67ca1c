// The namespaces around all hypervisors of one set: user (for an ordinary user), network, mount and pid. When their
// first process ends, so does every process of every hypervisor.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  childrenOf,
  exitCodeOf,
  launch,
  outermostPid,
  type LaunchOptions,
} from '../sandbox/launch.ts';
import { SANDBOX } from '../sandbox/config.ts';
import { isSandboxAlive, killSandbox, startError } from '../sandbox/sandbox.ts';
import type { Uplink } from '../sandbox/uplink.ts';
import { SkerryError } from '../util/errors.ts';
import { killGroup } from '../util/kill-group.ts';
import type { LabPaths } from '../util/paths.ts';
import { poll } from '../util/poll.ts';
import { namespaceArgs } from '../util/rootless.ts';
import { NETWORKS, OUTSIDE } from './layout.ts';

const START_MS = 10_000;

export interface OuterOptions {
  readonly paths: LabPaths;
  /** It ends when this process does, however that ends. */
  readonly ephemeral: boolean;
  /** The VMs' way out. */
  readonly uplink: Uplink;
  readonly signal?: AbortSignal | undefined;
}

/** Makes the namespaces. Gives the pid of their first process. */
export async function startOuter(options: OuterOptions): Promise<number> {
  const { paths, signal } = options;
  await mkdir(paths.logDir, { recursive: true });
  await rm(readyFile(paths), { force: true });
  const child = await launch(outerCommand(options));
  // It is the pipe's only other end: open as long as this process lives, and nothing that keeps it alive.
  (child.stdin as Socket | null)?.unref();
  try {
    return await poll(
      async () => {
        const pid = await outerPid(paths);
        if (pid === undefined && exitCodeOf(child) !== null) throw await startError(paths);
        return pid;
      },
      {
        signal,
        timeoutMs: START_MS,
        intervalMs: 5,
        maxIntervalMs: 50,
        onTimeout: () =>
          new SkerryError('SANDBOX_TIMEOUT', {
            data: { seconds: START_MS / 1000, log: `${paths.logDir}/sandbox.log` },
          }),
      },
    );
  } catch (error) {
    killGroup(child.pid);
    // Returns when every process of it is gone.
    await killSandbox(paths);
    throw error;
  }
}

/** The first process of the namespaces, or undefined when there are none. */
export async function outerPid(paths: LabPaths): Promise<number | undefined> {
  const outermost = await outermostPid(paths);
  if (outermost === undefined || !existsSync(readyFile(paths))) return undefined;
  if (!(await isSandboxAlive(paths))) return undefined;
  // Before, unshare has helpers.
  for (const pid of await childrenOf(outermost)) if (await isFirst(pid)) return pid;
  return undefined;
}

/** Words before a command that run it beside `pid`, as root of the namespaces of the set. */
export function enterArgs(pid: number, ...namespaces: readonly string[]): string[] {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  return ['nsenter', '--target', String(pid), ...asUser, '--mount', '--pid', ...namespaces];
}

/** The same for the network where their bridges are. */
export function enterOuter(paths: LabPaths, pid: number): string[] {
  return [...enterArgs(pid), 'nsenter', `--net=${netnsFile(paths)}`];
}

function outerCommand({ paths, ephemeral, uplink }: OuterOptions): LaunchOptions {
  const init = fileURLToPath(new URL('../../share/hypervisors-init.sh', import.meta.url));
  return {
    paths,
    command: ['unshare', ...namespaceArgs(), 'sh', init],
    env: {
      SKERRY_NETNS: netnsFile(paths),
      SKERRY_READY: readyFile(paths),
      SKERRY_UPLINK: uplink,
      SKERRY_DNS: uplink === 'slirp4netns' ? SANDBOX.slirpDns : SANDBOX.dns,
      SKERRY_VMS: NETWORKS.vms,
      SKERRY_OUTSIDE: OUTSIDE,
      ...(ephemeral && { SKERRY_TIED: '1' }),
    },
    stdin: ephemeral ? 'pipe' : 'ignore',
  };
}

/** Seen in their mount namespace only. */
function netnsFile(paths: LabPaths): string {
  return join(paths.dir, 'netns');
}

/** Written when the bridges are there. */
function readyFile(paths: LabPaths): string {
  return join(paths.dir, 'ready');
}

/** Whether it is the first of a pid namespace. */
async function isFirst(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^NSpid:(?:\t\d+)+\t1$/m.test(status);
}
