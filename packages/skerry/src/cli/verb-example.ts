// The example that the help of a verb's subcommand ends with.
import type { EntityKind } from '../cloud/verbs/verb.ts';

export interface ExampleOf {
  readonly kind: EntityKind;
  /** The subcommand, such as `snapshot-take` or `user add`. */
  readonly command: string;
  /** The parameters that are words after the target. */
  readonly words: readonly string[];
  /** Those that are options; [option, parameter]. */
  readonly options: readonly (readonly [option: string, key: string])[];
  /** Whether something secret is read from standard input. */
  readonly isSecret: boolean;
}

/** @example `skerry vm memory web --mebibytes 1024` */
export function exampleOf({ kind, command, words, options, isSecret }: ExampleOf): string {
  const valueOf = (key: string): string =>
    VALUES[`${kind} ${command} ${key}`] ?? VALUES[key] ?? key.toUpperCase();
  const target = { central: [], vm: ['web'], hypervisor: ['hv1'] }[kind];
  return [
    ...['$ skerry', kind === 'central' ? 'cloud' : kind, command, ...target],
    ...words.map(valueOf),
    ...options.flatMap(([option, key]) => [option, valueOf(key)]),
    ...(isSecret ? ['< file'] : []),
  ].join(' ');
}

/** What one would type for a parameter; with its command, where it is another one there. */
const VALUES: Readonly<Record<string, string>> = {
  at: '"0 3 * * *"',
  count: '2',
  format: 'qcow2',
  id: 'a91f',
  job: 'k3f9',
  label: 'backup',
  machine: 'web',
  mebibytes: '1024',
  name: 'web',
  permissions: 'info create',
  role: 'operator',
  roles: 'operator',
  scope: 'tag:web',
  sizeGiB: '10',
  tags: 'prod db',
  target: 'vdb',
  to: 'worker',
  user: 'ben',
  users: 'ben cleo',
  verb: 'reboot',
  who: 'role:operator',
  xml: 'web.xml',
  'vm drive-golden name': 'debian-13',
  'vm migrate target': 'hv2',
  'hypervisor network-define xml': 'lab.xml',
  'hypervisor network-start name': 'lab',
  'hypervisor network-stop name': 'lab',
  'hypervisor network-undefine name': 'lab',
  'vm rename name': 'shop',
  'hypervisor schedule verb': 'drain',
  'vm snapshot-delete name': 'before-upgrade',
  'vm snapshot-revert name': 'before-upgrade',
};
