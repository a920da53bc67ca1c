import type { VmState } from '../api/types.ts';
import { Ago, Empty } from '../ui/bits.tsx';
import { VerbButton } from '../verbs/VerbButton.tsx';

type Snapshot = VmState['snapshots'][number];

/** Snapshots as the tree they are: each under the one it came after. */
export function SnapshotsTab({ vm }: { readonly vm: VmState }) {
  if (vm.snapshots.length === 0)
    return (
      <Empty
        icon="camera"
        title="No snapshots"
        action={<VerbButton entity={vm} verb="snapshot_take" look="primary" />}
      >
        A snapshot keeps the disks, and the memory of a machine that runs, as they are now.
      </Empty>
    );
  const roots = vm.snapshots.filter(
    ({ parent }) => parent === null || !vm.snapshots.some(({ name }) => name === parent),
  );
  return (
    <section className="card">
      <header className="card-head">
        <h2>Snapshots</h2>
        <VerbButton entity={vm} verb="snapshot_take" look="primary" />
      </header>
      <ul className="tree">
        {roots.map((each) => (
          <Branch key={each.name} vm={vm} snapshot={each} />
        ))}
      </ul>
    </section>
  );
}

function Branch({ vm, snapshot }: { readonly vm: VmState; readonly snapshot: Snapshot }) {
  const children = vm.snapshots.filter(({ parent }) => parent === snapshot.name);
  const params = { name: snapshot.name };
  return (
    <li>
      <div className={snapshot.current ? 'snapshot current' : 'snapshot'}>
        <span className="snapshot-knot" aria-hidden="true" />
        <span className="snapshot-name">{snapshot.name}</span>
        {snapshot.current && <span className="tag">the machine comes from here</span>}
        <span className="quiet">
          {snapshot.state}, <Ago at={snapshot.createdAt} />
          {snapshot.description && `: ${snapshot.description}`}
        </span>
        <span className="spacer" />
        <VerbButton entity={vm} verb="snapshot_revert" params={params} label="Revert" />
        <VerbButton
          entity={vm}
          verb="snapshot_delete"
          params={params}
          label="Delete"
          look="ghost"
        />
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((each) => (
            <Branch key={each.name} vm={vm} snapshot={each} />
          ))}
        </ul>
      )}
    </li>
  );
}
