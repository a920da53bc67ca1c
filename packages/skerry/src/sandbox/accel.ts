// KVM or emulation? /dev/kvm can exist, open and create a VM and still not run a normal guest (nested KVM of some
// clouds), so the answer comes from running one: a kernel that must get as far as its first process.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from '../util/paths.ts';
import { hostUser } from './host-user.ts';
import { canQemuOpenKvm } from './kvm-rights.ts';

export interface AccelVerdict {
  readonly accel: 'kvm' | 'tcg';
  /** Why, for `status` and `doctor`. */
  readonly reason: string;
}

/** A kernel to try, on the host's file system. */
export interface ProbeKernel {
  readonly digest: string;
  readonly dir: string;
  readonly kernel: string;
  readonly initrd?: string | undefined;
}

const PROBE_MS = 15_000;
const QEMU = 'qemu-system-x86_64';

/** The verdict for this host and user: cached until the kernel, QEMU or the rights on /dev/kvm change. */
export async function chooseAccel(
  kernel: ProbeKernel | undefined,
  signal?: AbortSignal,
): Promise<AccelVerdict> {
  if (process.env.SKERRY_ACCEL === 'tcg') return { accel: 'tcg', reason: 'SKERRY_ACCEL=tcg' };
  const denied = kvmDenied();
  if (denied) return { accel: 'tcg', reason: denied };
  const file = join(cacheDir(), 'accel.json');
  const fingerprint = [
    release(),
    process.getuid?.(),
    mtime(`/usr/bin/${QEMU}`),
    mtime('/dev/kvm'),
  ].join(' ');
  const cached = readCache(file);
  if (cached?.fingerprint === fingerprint) return cached.verdict;
  if (!kernel)
    return {
      accel: 'tcg',
      reason: 'not probed yet: the first up does, with the kernel of the image',
    };
  const verdict = (await canQemuOpenKvm(hostUser(), signal))
    ? await probe(kernel, signal)
    : {
        accel: 'tcg' as const,
        reason:
          'the right to open /dev/kvm comes from a group, which QEMU loses in a sandbox: skerry doctor',
      };
  await mkdir(cacheDir(), { recursive: true });
  await writeFile(`${file}.${process.pid}`, JSON.stringify({ fingerprint, verdict }));
  await rename(`${file}.${process.pid}`, file);
  return verdict;
}

/** Why /dev/kvm cannot be used at all, or undefined. */
export function kvmDenied(): string | undefined {
  if (!existsSync('/dev/kvm')) return '/dev/kvm does not exist';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return 'no right to open /dev/kvm';
  }
}

async function probe(kernel: ProbeKernel, signal?: AbortSignal): Promise<AccelVerdict> {
  const path = (file: string): string => join(kernel.dir, file);
  const args = [
    ...[
      '-machine',
      'q35',
      '-accel',
      'kvm',
      '-cpu',
      'host',
      '-m',
      '256',
      '-nodefaults',
      '-no-user-config',
    ],
    ...['-display', 'none', '-serial', 'stdio', '-no-reboot', '-kernel', path(kernel.kernel)],
    ...(kernel.initrd ? ['-initrd', path(kernel.initrd)] : []),
    ...['-append', 'console=ttyS0 panic=-1'],
  ];
  const child = spawn(QEMU, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([AbortSignal.timeout(PROBE_MS), ...(signal ? [signal] : [])]),
    killSignal: 'SIGKILL',
  });
  let said = '';
  const worked = await new Promise<boolean>((resolve) => {
    const hear = (data: Buffer): void => {
      said = (said + data.toString('latin1')).slice(-20_000);
      if (/Run \/init as init process|Kernel panic|VFS: Unable to mount root/.test(said))
        resolve(true);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', () => resolve(false));
    child.on('close', () => resolve(false));
  });
  child.kill('SIGKILL');
  signal?.throwIfAborted();
  if (worked) return { accel: 'kvm', reason: 'a probe guest ran under KVM' };
  const last = said.trim().split('\n').at(-1)?.slice(0, 200);
  return {
    accel: 'tcg',
    reason: `/dev/kvm opens but a probe guest did not run (${last ? `last: ${last}` : 'it said nothing'})`,
  };
}

function readCache(file: string): { fingerprint: string; verdict: AccelVerdict } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { fingerprint: string; verdict: AccelVerdict };
  } catch {
    return undefined;
  }
}

function mtime(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
