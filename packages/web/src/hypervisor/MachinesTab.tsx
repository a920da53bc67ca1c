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
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>Machine</th>
              <th>State</th>
              <th className="number">Memory</th>
              <th className="number">Processors</th>
              <th>Tags</th>
            </tr>
          </thead>
          <tbody>
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
          </tbody>
        </table>
      </div>
    </section>
  );
}
