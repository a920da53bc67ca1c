// Which files of this host a provisioner is made of: what is checked before anything starts, and hashed.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { FieldPath } from '../lab-file/finding.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { ProvisionerSpec } from '../lab-file/spec-provision.ts';
import { hieraFolders } from './hiera.ts';
import { puppetPaths } from './puppet-paths.ts';

export interface HostFile {
  /** Absolute. */
  readonly path: string;
  readonly what: 'file' | 'folder' | 'file or folder';
  /** The field that names it, such as that of `provision.base.shell.script`. */
  readonly field: FieldPath;
  /** What of a folder is left out, as tar has it. */
  readonly exclude?: readonly string[];
  /** It need not be there. */
  readonly isOptional?: boolean;
}

/** Reads no more than Hiera's configuration, which says where its data is. */
export function hostFiles(lab: Pick<LabSpec, 'dir'>, spec: ProvisionerSpec): HostFile[] {
  const field = ['provision', spec.name, spec.kind];
  const at = (path: string): string => resolve(lab.dir, path);
  switch (spec.kind) {
    case 'shell': {
      const { script } = spec.config;
      return script === undefined
        ? []
        : [{ path: at(script), what: 'file', field: [...field, 'script'] }];
    }
    case 'file':
      return [{ path: at(spec.config.from), what: 'file or folder', field: [...field, 'from'] }];
    case 'ansible':
      return ansibleFiles(at(spec.config.playbook), field);
    case 'cloudInit': {
      const { userDataFile } = spec.config;
      return userDataFile === undefined
        ? []
        : [{ path: at(userDataFile), what: 'file', field: [...field, 'userDataFile'] }];
    }
    default:
      return puppetFiles(lab, spec.config, field);
  }
}

/** A playbook's roles, variables and templates are beside it. */
function ansibleFiles(playbook: string, field: FieldPath): HostFile[] {
  const name = [...field, 'playbook'];
  return [
    { path: playbook, what: 'file', field: name },
    { path: dirname(playbook), what: 'folder', field: name, exclude: PLAYBOOK_LEFT_OUT },
  ];
}

export const PLAYBOOK_LEFT_OUT: readonly string[] = ['.git', 'node_modules', '.vagrant'];

function puppetFiles(
  lab: Pick<LabSpec, 'dir'>,
  config: Extract<ProvisionerSpec, { kind: 'puppet' }>['config'],
  field: FieldPath,
): HostFile[] {
  const { folders, hiera, manifest, environment } = puppetPaths(lab.dir, config);
  return [
    ...folders.map(({ host, from, exclude }): HostFile => ({
      ...{ path: host, what: 'folder', field: [...field, from], exclude },
    })),
    ...(manifest === undefined
      ? []
      : [
          {
            path: manifest,
            what: 'file or folder' as const,
            field: [...field, 'manifestFile'],
          },
        ]),
    ...(environment === undefined
      ? []
      : [{ path: environment, what: 'folder' as const, field: [...field, 'environment'] }]),
    ...(hiera === undefined ? [] : hieraFiles(hiera, [...field, 'hieraConfigPath'])),
  ];
}

function hieraFiles(config: string, field: FieldPath): HostFile[] {
  const text = existsSync(config) ? readFileSync(config, 'utf8') : '';
  return [
    { path: config, what: 'file', field },
    ...hieraFolders(text).map((folder): HostFile => ({
      ...{ path: join(dirname(config), folder), what: 'folder', field, isOptional: true },
    })),
  ];
}
