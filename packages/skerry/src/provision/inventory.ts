import { stringify } from 'yaml';
import type { LabSpec } from '../lab-file/spec.ts';
import { shellQuote } from '../util/shell-quote.ts';

/** How Ansible gets to the machines: over ssh from the host, or by being in one. */
export type Reach = { readonly sshConfig: string } | { readonly local: string };

/**
 * An inventory (YAML) of the lab: all its machines, those groups. Groups may hold machines and groups. Pure.
 */
export function formatInventory(
  lab: LabSpec,
  groups: Readonly<Record<string, readonly string[]>>,
  reach: Reach,
): string {
  const common = { ansible_user: 'root', ansible_python_interpreter: '/usr/bin/python3' };
  const vars =
    'sshConfig' in reach
      ? { ...common, ansible_ssh_common_args: `-F ${shellQuote(reach.sshConfig)}` }
      : common;
  const hosts = Object.fromEntries(
    lab.machines.map(({ name }) => [
      name,
      'local' in reach && reach.local === name ? { ansible_connection: 'local' } : {},
    ]),
  );
  const machines = new Set(lab.machines.map(({ name }) => name));
  const children = Object.fromEntries(
    Object.entries(groups).map(([group, members]) => {
      const named = (isMachine: boolean): Record<string, object> =>
        Object.fromEntries(
          members.filter((name) => machines.has(name) === isMachine).map((name) => [name, {}]),
        );
      return [group, { hosts: named(true), children: named(false) }];
    }),
  );
  return stringify({ all: { hosts, vars, children } });
}
