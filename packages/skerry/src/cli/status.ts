import { relative } from 'node:path';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { TreeState } from '../lab/live-protocol.ts';
import type { LabStatus } from '../lab/status.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import {
  aboutLab,
  type CommonOptions,
  labelOf,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';
import { some } from './some.ts';
import { formatTable } from './table.ts';

export function define(command: Command): void {
  withJson(withLab(command)).action(run);
  withExample(command, '$ skerry status', '$ skerry status --json | jq -r .machines[0].state');
}

async function run(options: CommonOptions): Promise<void> {
  const lab = await labOf(options);
  const { labStatus } = await import('../lab/status.ts');
  const status = await labStatus(lab);
  if (options.json) printJson(status);
  else console.log(formatStatus(status, lab));
}

/** For people; what is as it should be takes no line of its own. */
export function formatStatus(
  { lab, fork, network, sandbox, machines, trees, halfRestored }: LabStatus,
  spec: LabSpec,
): string {
  const rows = machines.map((machine) => [
    machine.name + (machine.primary ? styleText('dim', ' *') : ''),
    paint(machine.state) + (machine.orphan ? styleText('yellow', ' (not in the file)') : ''),
    machine.address,
    `${machine.hostname}.${network.domain}`,
    `${machine.memoryMiB} MiB`,
    String(machine.cpus),
    machine.image,
    machine.nested ? (machine.nesting?.replace(/^no: .*/s, 'no') ?? 'yes') : styleText('dim', '-'),
  ]);
  const cannotNest = machines.filter(({ nesting }) => nesting?.startsWith('no: '));
  const box = sandbox
    ? `running under ${sandbox.accel === 'kvm' ? 'KVM' : 'emulation (no usable KVM: skerry doctor)'}, ${sandbox.uplink === 'none' ? 'no internet' : `internet by ${sandbox.uplink}`}`
    : machines.some(({ state }) => state === 'suspended')
      ? `suspended: skerry resume${aboutLab({ fork })}`
      : 'off';
  const broken =
    sandbox?.libvirtd === 'failed'
      ? `\n${styleText('red', `libvirtd is down: ${sandbox.reason}`)}`
      : '';
  const forwards = (sandbox?.forwards ?? []).map(
    (forward) => `${forward.address}:${forward.host} -> ${forward.machine}:${forward.guest}`,
  );
  return [
    `${styleText('bold', labelOf({ name: lab, fork }))}  ${styleText('dim', `${network.cidr}, ${box}`)}${broken}`,
    formatTable(['MACHINE', 'STATE', 'ADDRESS', 'NAME', 'MEMORY', 'CPUS', 'IMAGE', 'NESTED'], rows),
    ...cannotNest.map(
      ({ name, nesting }) =>
        `${styleText('yellow', '!')} ${name} cannot run machines itself: ${nesting?.slice(4)}`,
    ),
    ...machines.flatMap(({ name, unprovisioned }) =>
      unprovisioned === undefined
        ? []
        : [
            `${styleText('yellow', '!')} ${name} is not provisioned: ${unprovisioned.join(', ')} did not run or failed. skerry provision${aboutLab({ fork })} ${name}`,
          ],
    ),
    ...(halfRestored === undefined
      ? []
      : [
          `${styleText('yellow', '!')} the restore of snapshot ${halfRestored} was interrupted; to finish it: skerry up${aboutLab({ fork })}`,
        ]),
    ...(forwards.length > 0 ? [`Forwards: ${forwards.join(', ')}`] : []),
    ...(sandbox ? treeLines(spec, trees) : []),
  ].join('\n');
}

/** One line a tree, which says where it is not as it is here. */
function treeLines({ trees: all, fork }: LabSpec, states: readonly TreeState[] = []): string[] {
  return all
    .filter(({ mode }) => mode !== 'pull')
    .map(({ mode, from, to, on }) => {
      const there = states.filter((state) => state.to === to);
      const away = there.filter(({ connected }) => !connected).map(({ machine }) => machine);
      const refused = there.filter((state) => state.refused > 0).map(({ machine }) => machine);
      const held = there.flatMap((one) => one.held ?? []);
      const here = relative(process.cwd(), from) || '.';
      const lacking = [
        ...(away.length > 0 ? [`${away.join(', ')} not reached`] : []),
        ...(held.length > 0 ? [`held back by skerry hack: ${some([...new Set(held)])}`] : []),
        ...(refused.length > 0 ? [`not all written in ${refused.join(', ')}: skerry sync`] : []),
      ];
      const state =
        there.length === 0
          ? styleText('yellow', `not kept up to date: skerry sync${aboutLab({ fork })}`)
          : lacking.length > 0
            ? styleText('yellow', lacking.join(', '))
            : styleText('green', mode === 'share' ? 'shared' : 'up to date');
      return `Tree: ${here} -> ${to} in ${on.length === 1 ? on[0] : `${on.length} machines`}, ${state}`;
    });
}

function paint(state: string): string {
  if (state === 'running') return styleText('green', state);
  if (state === 'absent' || state === 'shutoff') return styleText('dim', state);
  return styleText('yellow', state);
}
