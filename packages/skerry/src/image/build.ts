import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { SkerryError } from '../util/errors.ts';
import { killGroup } from '../util/kill-group.ts';
import { hostSources } from './apt-sources.ts';
import { type BuildProgress, BuildProgressReader } from './build-progress.ts';
import { BUILD_SCRIPT, KERNEL_SCRIPT } from './build-script.ts';
import { definitionHash, type ImageDefinition } from './definition.ts';
import { GUEST_FILES, GUEST_LINKS, GUEST_REMOVED } from './guest-files.ts';
import type { ImageRecord } from './image-files.ts';
import { driverPaths, formatInitrd } from './initrd.ts';
import { shellJoin } from '../util/shell-quote.ts';
import { namespaceArgs } from '../util/rootless.ts';
import { imagesDir } from './store.ts';
import { extractVmlinux } from './vmlinux.ts';

export interface BuildOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
}

/** 2026-01-01, the date of every file in an image: equal packages then give equal bytes. */
const EPOCH = '1767225600';
/** About how many packages our images have; only progress depends on it. */
const PACKAGE_COUNT = 160;

/**
 * Builds an image in `staging`, and gives the folder that holds nothing but it.
 * @throws IMAGE_BUILD_FAILED, PROGRAM_MISSING
 */
export async function buildInto(
  staging: string,
  definition: ImageDefinition,
  options: BuildOptions,
): Promise<{ dir: string; record: ImageRecord }> {
  await prepare(staging, definition);
  await runBuild(staging, definition, options);
  options.onProgress?.({ step: 'store', fraction: 0.97, message: 'storing the image' });
  return assemble(staging, definition);
}

/** Writes all that the script reads. */
async function prepare(staging: string, { links }: ImageDefinition): Promise<void> {
  const overlay = join(staging, 'overlay');
  for (const { path, content, mode } of GUEST_FILES) {
    await mkdir(dirname(join(overlay, path)), { recursive: true });
    await writeFile(join(overlay, path), content);
    await chmod(join(overlay, path), mode ?? 0o644);
  }
  for (const [path, target] of Object.entries({ ...GUEST_LINKS, ...links })) {
    await mkdir(dirname(join(overlay, path)), { recursive: true });
    await symlink(target, join(overlay, path));
  }
  await mkdir(join(staging, 'boot'));
  await writeFile(join(staging, 'removed'), `${GUEST_REMOVED.join('\n')}\n`);
  await writeFile(join(staging, 'kernel.sh'), KERNEL_SCRIPT);
  // mkdtemp gives 0700; apt's own user must get through.
  await chmod(staging, 0o755);
}

async function runBuild(
  staging: string,
  definition: ImageDefinition,
  options: BuildOptions,
): Promise<void> {
  const args = [
    ...namespaceArgs(),
    'sh',
    '-c',
    BUILD_SCRIPT,
    'sh',
    ...(await mmdebstrapArgs(definition)),
  ];
  const child = spawn('unshare', args, {
    cwd: staging,
    env: { ...process.env, ...environment(definition) },
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in the terminal is for us, not for half of a build.
    detached: true,
  });
  const closed = once(child, 'close');
  child.on('exit', () => killGroup(child.pid));
  // Closing stdin ends the build: see BUILD_SCRIPT. kill() is for a script that does not get that far.
  const abort = (): void => {
    child.stdin.destroy();
    child.kill('SIGKILL');
  };
  child.stdin.on('error', () => {});
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) abort();
  try {
    const reader = new BuildProgressReader(PACKAGE_COUNT);
    const tail: string[] = [];
    const read = async (stream: NodeJS.ReadableStream): Promise<void> => {
      for await (const line of createInterface(stream)) {
        tail.push(line);
        if (tail.length > 200) tail.shift();
        const progress = reader.read(line);
        if (progress) options.onProgress?.(progress);
      }
    };
    const [[code]] = await Promise.all([closed, read(child.stdout), read(child.stderr)]);
    options.signal?.throwIfAborted();
    if (code !== 0) throw buildFailure(definition, tail);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new SkerryError('PROGRAM_MISSING', { data: { program: 'unshare' }, cause });
    throw cause;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

function environment(definition: ImageDefinition): Record<string, string> {
  return {
    PATH: systemFirst(process.env.PATH ?? '/usr/bin:/bin'),
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
    SOURCE_DATE_EPOCH: EPOCH,
    E2FSPROGS_FAKE_TIME: EPOCH,
    FS_UUID: definition.fsUuid,
    DISK_KIB: String(definition.virtualSizeBytes / 1024),
    KERNEL_PACKAGE: definition.kernelPackage,
  };
}

const SYSTEM_DIRS = ['/usr/local/sbin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * The system's own programs first: mmdebstrap asks `env` for Python once a package, and where that is pyenv's it takes longer
 * than all the rest. An ordinary user's PATH has no mke2fs. Pure.
 */
export function systemFirst(path: string): string {
  const dirs = path.split(':');
  const isSystem = (dir: string): boolean => SYSTEM_DIRS.includes(dir);
  const sbin = SYSTEM_DIRS.filter((dir) => dir.endsWith('sbin'));
  const ordered = [...dirs.filter(isSystem), ...dirs.filter((dir) => !isSystem(dir)), ...sbin];
  return [...new Set(ordered)].join(':');
}

async function mmdebstrapArgs(definition: ImageDefinition): Promise<string[]> {
  const excluded = ['man', 'locale', 'doc', 'info'].map(
    (dir) => `--dpkgopt=path-exclude=/usr/share/${dir}/*`,
  );
  return [
    `--include=${definition.packages.join(',')}`,
    '--aptopt=Apt::Install-Recommends "false"',
    ...excluded,
    ...(definition.links === undefined ? [] : [earlyCheck(definition.packages)]),
    definition.suite,
    'root',
    ...(await hostSources(definition.suite)),
  ];
}

/** Of a variant, whose names are the user's: a mistake is found at once, and not when the base is installed. */
function earlyCheck(packages: readonly string[]): string {
  return `--extract-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq --print-uris download ${shellJoin(packages)} >/dev/null`;
}

/** As apt says it of a mirror, or of a proxy on the way to it. */
const UNREACHABLE =
  /Failed to fetch \w+:\/\/(?<host>[^/\s]+)\S*\s+(?<reason>(?:Temporary failure|Could not (?:resolve|connect)|Unable to connect|Cannot initiate the connection|Connection (?:failed|timed out)|Network is unreachable|No route to host).*?):?$/;

/** The lines that say why, or else the last ones. Pure. */
export function buildFailure(
  { name: image, suite }: Pick<ImageDefinition, 'name' | 'suite'>,
  lines: readonly string[],
): SkerryError {
  const unknown = unknownPackages(lines);
  if (unknown.length > 0) {
    const packages = unknown.join(', ');
    return new SkerryError('IMAGE_PACKAGE_UNKNOWN', { data: { packages, suite } });
  }
  const missing = lines
    .map((line) => /(\S+): (?:command )?not found/.exec(line)?.[1])
    .find(Boolean);
  if (missing) return new SkerryError('PROGRAM_MISSING', { data: { program: missing } });
  if (lines.some((line) => line.includes('No space left on device')))
    return new SkerryError('IMAGE_BUILD_FAILED', {
      data: { image, reason: 'no space left on the disk (it takes 1 GB)' },
    });
  const unreachable = lines.map((line) => UNREACHABLE.exec(line)?.groups).find(Boolean);
  if (unreachable)
    return new SkerryError('IMAGE_OFFLINE', {
      data: { image, ...unreachable, store: imagesDir() },
    });
  const errors = lines.filter((line) =>
    /^(E|Err|mke2fs|qemu-img|unshare|newuidmap|dpkg)\b.*:/.test(line),
  );
  const reason = (errors.length > 0 ? errors : lines).slice(-4).join('; ') || 'no output';
  return new SkerryError('IMAGE_BUILD_FAILED', { data: { image, reason } });
}

/** As apt says it. */
function unknownPackages(lines: readonly string[]): string[] {
  const patterns = [
    /^E: Unable to locate package (\S+)/,
    /^E: Package '([^']+)' has no installation candidate/,
    /^E: Version '[^']+' for '([^']+)' was not found/,
    /^E: Can't select candidate version from package (\S+)/,
    /^E: Couldn't find any package by (?:glob|regex) '([^']+)'/,
  ];
  const found = lines.flatMap((line) => patterns.flatMap((one) => one.exec(line)?.[1] ?? []));
  return [...new Set(found)];
}

async function assemble(
  staging: string,
  definition: ImageDefinition,
): Promise<{ dir: string; record: ImageRecord }> {
  const dir = join(staging, 'image');
  const boot = join(staging, 'boot');
  await mkdir(dir);
  await rename(join(staging, 'disk.qcow2'), join(dir, 'disk.qcow2'));
  const vmlinux = extractVmlinux(await readFile(join(boot, 'vmlinuz')));
  const kernel = vmlinux ? 'vmlinux' : 'vmlinuz';
  if (vmlinux) await writeFile(join(dir, kernel), vmlinux);
  else await cp(join(boot, 'vmlinuz'), join(dir, kernel));
  const paths = driverPaths(await readFile(join(boot, 'modules.dep'), 'utf8'));
  const modules = await Promise.all(paths.map((path) => readFile(join(boot, path))));
  await writeFile(
    join(dir, 'initrd'),
    formatInitrd({ busybox: await readFile(join(boot, 'busybox')), modules }),
  );
  const { kernelArgs, virtualSizeBytes } = definition;
  return {
    dir,
    record: {
      format: 1,
      definitionHash: definitionHash(definition),
      disk: 'disk.qcow2',
      kernel,
      initrd: 'initrd',
      kernelArgs,
      virtualSizeBytes,
      built: new Date().toISOString(),
    },
  };
}
