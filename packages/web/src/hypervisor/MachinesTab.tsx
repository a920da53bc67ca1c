import type { HypervisorState } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { vmsOn } from '../store/roster.ts';
import { vmStatus } from '../store/status.ts';
import { newMachine } from '../store/ui.ts';
import { Empty, StatusPill, Tags } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { EntityLink } from '../ui/EntityLink.tsx';
import { formatMiB } from '../ui/format.ts';
import { useVerbs, verbOf } from '../verbs/table.ts';
import { Table } from '../ui/Table.tsx';

export function MachinesTab({ host }: { readonly host: HypervisorState }) {
  useVerbs();
  const pending = useCloud((state) => state.pending);
  const user = useCloud((state) => state.user);
  const vms = useCloud((state) => vmsOn(state, host.name));
  if (vms.length === 0)
    return (
      <Empty
        icon="machine"
        title="No machines on it"
        action={
          <Button
            look="primary"
            icon="plus"
            onClick={() => newMachine.set({ hypervisor: host.name })}
          >
            New machine here
          </Button>
        }
      >
        Make one, or drag one from another hypervisor.
      </Empty>
    );
  return (
    <section className="card">
      <Table columns={['Machine', 'State', { number: 'Memory' }, { number: 'Processors' }, 'Tags']}>
        {vms.map((vm) => (
          <tr key={vm.id}>
            <th scope="row">
              <EntityLink id={vm.id} name={vm.name} />
            </th>
            <td>
              <StatusPill
                status={vmStatus(vm, pending.get(vm.id), (name) => verbOf('vm', name), user)}
              />
            </td>
            <td className="number">{formatMiB(vm.memoryMiB)}</td>
            <td className="number">{vm.vcpus}</td>
            <td>
              <Tags tags={vm.tags} />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
