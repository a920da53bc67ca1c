import { useState } from 'react';
import type { Parked } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { useObservable } from '../store/use-observable.ts';
import { Ago, Empty, Tags } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { DeleteParkedDialog } from './DeleteParkedDialog.tsx';
import { UnparkDialog } from './UnparkDialog.tsx';
import { verbs } from '../verbs/table.ts';
import { Table } from '../ui/Table.tsx';

export function ParkedPage() {
  const kept = useCloud((state) => state.parked);
  const entities = useCloud((state) => state.entities);
  const parked = kept.filter(({ uuid }) => !entities.has(`vm:${uuid}`));
  const verb = useObservable(verbs, (all) => all.find(({ name }) => name === 'unpark'));
  const remove = useObservable(verbs, (all) => all.find(({ name }) => name === 'parked_delete'));
  const [chosen, setChosen] = useState<Parked>();
  const [unwanted, setUnwanted] = useState<Parked>();
  return (
    <div className="content">
      <header className="page-head">
        <h1>Parked machines</h1>
        <p className="page-lead">
          On no hypervisor: central keeps the definition, and the disks stay where they are.
        </p>
      </header>
      {parked.length === 0 ? (
        <Empty icon="park" title="No machine is parked">
          Park one that is off from its page: More, Park. It can come back on any hypervisor.
        </Empty>
      ) : (
        <section className="card">
          <Table columns={['Machine', 'Was on', 'Tags', 'Parked', null]}>
            {parked.map((each) => (
              <tr key={each.uuid}>
                <th scope="row">{each.name}</th>
                <td>{each.hypervisor}</td>
                <td>
                  <Tags tags={each.tags} />
                </td>
                <td>
                  by {each.parkedBy}, <Ago at={each.parkedAt} />
                </td>
                <td className="row-verbs">
                  {verb && (
                    <Button icon="migrate" onClick={() => setChosen(each)}>
                      {verb.title}
                    </Button>
                  )}
                  {remove && (
                    <Button
                      look="ghost"
                      icon="trash"
                      label={`Delete ${each.name}`}
                      onClick={() => setUnwanted(each)}
                    />
                  )}
                </td>
              </tr>
            ))}
          </Table>
        </section>
      )}
      {chosen && verb && (
        <UnparkDialog parked={chosen} verb={verb} onClose={() => setChosen(undefined)} />
      )}
      {unwanted && remove && (
        <DeleteParkedDialog
          parked={unwanted}
          verb={remove}
          onClose={() => setUnwanted(undefined)}
        />
      )}
    </div>
  );
}
