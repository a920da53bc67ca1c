import { createHash } from 'node:crypto';
import { isAbsolute, join, posix, relative, resolve } from 'node:path';
import type { HostOrVmPath, PuppetConfig } from '../lab-file/config-provision.ts';
import { DEFAULTS } from '../lab-file/defaults.ts';
import { LEFT_OUT } from './push-folders.ts';

/** A folder of this host and where it goes. */
export interface PuppetFolder {
  readonly host: string;
  readonly guest: string;
  /** The field that names it. */
  readonly from: 'manifestsPath' | 'environmentPath' | 'modulePath';
  readonly exclude: readonly string[];
}

/** Where everything of a puppet run is, on this host and in the machine. */
export interface PuppetPaths {
  readonly tempDir: string;
  readonly folders: readonly PuppetFolder[];
  /** On this host. */
  readonly hiera: string | undefined;
  /** What has to be on this host besides the folders. */
  readonly manifest: string | undefined;
  readonly environment: string | undefined;
  /** In the machine from here on. */
  readonly modulePaths: readonly string[];
  readonly environments: { readonly path: string; readonly name: string } | undefined;
  /** Undefined: what the environment says. */
  readonly manifestInGuest: string | undefined;
  /** Folders that have to be there already. */
  readonly vmFolders: readonly string[];
}

/**
 * As Vagrant decides it: with neither path set it is `manifests`; `environmentPath` brings the environment `production`,
 * and then no manifest file but the environment's own. Pure.
 */
export function puppetPaths(dir: string, config: PuppetConfig): PuppetPaths {
  const tempDir = config.tempDir ?? DEFAULTS.puppetTempDir;
  const exclude = [...LEFT_OUT, ...excludesOf(config.syncedFolderArgs ?? [])];
  const hasEnvironment = config.environmentPath !== undefined;
  const manifests = hasEnvironment
    ? placeOf(config.manifestsPath)
    : placeOf(config.manifestsPath ?? DEFAULTS.manifestsPath);
  const environments = placeOf(config.environmentPath);
  const manifestsPath =
    manifests && inGuest(manifests, `${tempDir}/manifests-${md5(manifests.path)}`);
  const environmentsPath = environments && inGuest(environments, `${tempDir}/environments`);
  const name = config.environment ?? 'production';
  const file = config.manifestFile ?? (hasEnvironment ? undefined : DEFAULTS.manifestFile);
  const modules = [...new Set([config.modulePath ?? []].flat())].map((path) => ({
    path,
    guest: `${tempDir}/modules-${md5(path)}`,
  }));
  const folder = (from: PuppetFolder['from'], path: string, guest: string): PuppetFolder => ({
    ...{ host: resolve(dir, path), guest, from, exclude },
  });
  return {
    tempDir,
    folders: [
      ...(manifests?.isHost && manifestsPath !== undefined
        ? [folder('manifestsPath', manifests.path, manifestsPath)]
        : []),
      ...modules.map(({ path, guest }) => folder('modulePath', path, guest)),
      ...(environments?.isHost && environmentsPath !== undefined
        ? [folder('environmentPath', environments.path, environmentsPath)]
        : []),
    ],
    hiera: config.hieraConfigPath === undefined ? undefined : resolve(dir, config.hieraConfigPath),
    manifest:
      manifests?.isHost && file !== undefined
        ? join(resolve(dir, manifests.path), file)
        : undefined,
    environment: environments?.isHost ? join(resolve(dir, environments.path), name) : undefined,
    modulePaths: modules.map(({ guest }) => guest),
    environments: environmentsPath === undefined ? undefined : { path: environmentsPath, name },
    manifestInGuest:
      file === undefined
        ? undefined
        : posix.join(manifestsPath ?? posix.join(environmentsPath ?? '', name), file),
    vmFolders: [manifests, environments].flatMap((one) => (one && !one.isHost ? [one.path] : [])),
  };
}

/** The manifest that an environment.conf names, as Vagrant reads it: with blanks around the sign or without. Pure. */
export function environmentManifest(
  conf: string,
  environments: { readonly path: string; readonly name: string },
): string {
  const { path, name } = environments;
  const own = posix.join(path, name);
  const said = /^[ \t]*manifest[ \t]*=[ \t]*(\S+)/m.exec(conf)?.[1];
  if (said === undefined) return posix.join(own, 'manifests');
  const file = said
    .replaceAll('$codedir', () => posix.dirname(path))
    .replaceAll('$environment', () => name);
  return file.startsWith('/') ? file : posix.join(own, file);
}

/** Turns paths of the machine in a text into those of this host, relative to the lab file where they are below it. */
export function hostPathMapper(
  dir: string,
  { folders, hiera, tempDir }: PuppetPaths,
): HostPathMapper {
  const files = hiera === undefined ? [] : [{ guest: `${tempDir}/hiera.yaml`, host: hiera }];
  const places = [...folders, ...files];
  const absolute = (path: string): string | undefined => {
    const place = places.find(({ guest }) => path === guest || path.startsWith(`${guest}/`));
    return place && place.host + path.slice(place.guest.length);
  };
  const short = (path: string): string => {
    const below = relative(dir, path);
    return below === '' || below.startsWith('..') || isAbsolute(below) ? path : below;
  };
  return {
    absolute,
    short: (path) => short(absolute(path) ?? path),
    text: (text) =>
      places.reduce((done, { guest, host }) => done.replaceAll(guest, () => short(host)), text),
  };
}

export interface HostPathMapper {
  /** Undefined for a path that is not from here. */
  readonly absolute: (path: string) => string | undefined;
  readonly short: (path: string) => string;
  readonly text: (text: string) => string;
}

interface Place {
  readonly isHost: boolean;
  readonly path: string;
}

function placeOf(value: HostOrVmPath): Place;
function placeOf(value: HostOrVmPath | undefined): Place | undefined;
function placeOf(value: HostOrVmPath | undefined): Place | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return { isHost: true, path: value };
  const path = value.at(-1) ?? '';
  return { isHost: value.length < 2 || value[0] === 'host', path };
}

function inGuest({ isHost, path }: Place, guest: string): string {
  return isHost ? guest : path;
}

/** `--exclude X` and `--exclude=X` of rsync's arguments. */
function excludesOf(args: readonly string[]): string[] {
  return args.flatMap((arg, at) => {
    if (arg === '--exclude') return args[at + 1] ?? [];
    return arg.startsWith('--exclude=') ? arg.slice('--exclude='.length) : [];
  });
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
