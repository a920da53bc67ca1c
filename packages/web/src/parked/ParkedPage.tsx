import { useState } from 'react';
import type { Parked } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { useObservable } from '../store/use-observable.ts';
import { Ago, Empty, Tags } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { UnparkDialog } from './UnparkDialog.tsx';
import { verbs } from '../verbs/table.ts';

export function ParkedPage() {
  const parked = useCloud((state) => state.parked);
  const verb = useObservable(verbs, (all) => all.find(({ name }) => name === 'unpark'));
  const [chosen, setChosen] = useState<Parked>();
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
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Machine</th>
                  <th>Was on</th>
                  <th>Tags</th>
                  <th>Parked</th>
                  <th>
                    <span className="hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
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
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {chosen && verb && (
        <UnparkDialog parked={chosen} verb={verb} onClose={() => setChosen(undefined)} />
      )}
    </div>
  );
}
