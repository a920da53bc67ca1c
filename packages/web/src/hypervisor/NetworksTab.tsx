import type { HypervisorState } from '../api/types.ts';
import { Empty, StatusPill } from '../ui/bits.tsx';
import { VerbButton } from '../verbs/VerbButton.tsx';
import { Table } from '../ui/Table.tsx';

export function NetworksTab({ host }: { readonly host: HypervisorState }) {
  if (host.networks.length === 0)
    return (
      <Empty
        icon="network"
        title="No networks"
        action={<VerbButton entity={host} verb="network_define" look="primary" />}
      >
        Machines reach each other and the world by a network of libvirt. Define one from XML.
      </Empty>
    );
  return (
    <section className="card">
      <header className="card-head">
        <h2>Networks</h2>
        <VerbButton entity={host} verb="network_define" look="primary" />
      </header>
      <Table columns={['Network', 'State', 'Bridge', 'Autostart', null]}>
        {host.networks.map(({ name, active, bridge, autostart }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <StatusPill
                status={active ? { tone: 'on', text: 'up' } : { tone: 'off', text: 'down' }}
              />
            </td>
            <td>{bridge ?? ''}</td>
            <td>{autostart ? 'yes' : 'no'}</td>
            <td className="row-verbs">
              {active ? (
                <VerbButton
                  entity={host}
                  verb="network_destroy"
                  params={{ name }}
                  label="Stop"
                  look="ghost"
                />
              ) : (
                <VerbButton
                  entity={host}
                  verb="network_create"
                  params={{ name }}
                  label="Start"
                  look="ghost"
                />
              )}
              <VerbButton
                entity={host}
                verb="network_undefine"
                params={{ name }}
                label="Undefine"
                look="ghost"
              />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
