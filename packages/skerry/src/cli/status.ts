import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { AtWork } from '../lab/at-work.ts';
import type { LabStatus } from '../lab/status.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { formatSpan } from './amounts.ts';
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
import { formatDaemons } from './format-daemons.ts';
import { formatTable } from './table.ts';
import { awayWords, treeLines } from './tree-state.ts';

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

/** Commands that are about to provision what is not. */
const PROVISIONING: ReadonlySet<string> = new Set(['up', 'provision']);

/** For people; what is as it should be takes no line of its own. */
export function formatStatus(
  { lab, fork, network, sandbox, machines, trees, halfRestored, atWork, daemons }: LabStatus,
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
  const isProvisioning = atWork && PROVISIONING.has(atWork.command);
  return [
    `${styleText('bold', labelOf({ name: lab, fork }))}  ${styleText('dim', `${network.cidr}, ${box}`)}${broken}`,
    formatTable(['MACHINE', 'STATE', 'ADDRESS', 'NAME', 'MEMORY', 'CPUS', 'IMAGE', 'NESTED'], rows),
    ...cannotNest.map(
      ({ name, nesting }) =>
        `${styleText('yellow', '!')} ${name} cannot run machines itself: ${nesting?.slice(4)}`,
    ),
    ...(atWork ? [formatAtWork(atWork)] : []),
    ...machines.flatMap(({ name, unprovisioned }) =>
      unprovisioned === undefined
        ? []
        : [
            isProvisioning
              ? `${styleText('yellow', '!')} ${name} is not provisioned yet: ${unprovisioned.join(', ')}`
              : `${styleText('yellow', '!')} ${name} is not provisioned: ${unprovisioned.join(', ')} did not run or failed. skerry provision${aboutLab({ fork })} ${name}`,
          ],
    ),
    ...(halfRestored === undefined || atWork
      ? []
      : [
          `${styleText('yellow', '!')} the restore of snapshot ${halfRestored} was interrupted; to finish it: skerry up${aboutLab({ fork })}`,
        ]),
    ...(forwards.length > 0 ? [`Forwards: ${forwards.join(', ')}`] : []),
    ...(sandbox ? treeLines(spec, trees ?? [], awayWords(machines, { fork })) : []),
    ...formatDaemons(daemons ?? [], { fork }),
  ].join('\n');
}

function formatAtWork({ command, pid, since }: AtWork): string {
  const span = formatSpan(Date.now() - Date.parse(since));
  return `${styleText('yellow', '!')} skerry ${command} is at work, for ${span} so far (process ${pid})`;
}

function paint(state: string): string {
  if (state === 'running') return styleText('green', state);
  if (state === 'absent' || state === 'shutoff') return styleText('dim', state);
  return styleText('yellow', state);
}
