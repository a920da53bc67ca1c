import { Link } from '@tanstack/react-router';
import type { VmState } from '../api/types.ts';
import { addressesOf } from '../store/addresses.ts';
import { useCloud } from '../store/cloud.ts';
import { vmStatus } from '../store/status.ts';
import { Ago, StatusPill, Tags } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { CopyText } from '../ui/CopyText.tsx';
import { EntityLink } from '../ui/EntityLink.tsx';
import { Icon } from '../ui/Icon.tsx';
import { request } from '../verbs/request.ts';
import { isQuiet, useVerbs, verbOf } from '../verbs/table.ts';
import { VerbButton } from '../verbs/VerbButton.tsx';
import { VerbBar } from '../verbs/VerbBar.tsx';

export function VmHeader({ vm }: { readonly vm: VmState }) {
  useVerbs();
  const pending = useCloud((state) => state.pending.get(vm.id));
  const user = useCloud((state) => state.user);
  const status = vmStatus(vm, pending, (name) => verbOf('vm', name), user);
  const [address] = addressesOf(vm);
  const tagging = verbOf('vm', 'settags');
  return (
    <header className="page-head entity-head">
      <Link to="/" className="back" aria-label="Back to the machines">
        <Icon name="back" size={18} />
      </Link>
      <div className="entity-title">
        <h1 title={vm.name}>{vm.name}</h1>
        <StatusPill status={status} />
        {!vm.managed && (
          <>
            <span className="tag warn">not managed</span>
            <VerbButton entity={vm} verb="manage" look="ghost" />
          </>
        )}
      </div>
      <div className="entity-line">
        <span>
          on <EntityLink id={`hypervisor:${vm.hypervisor}`} name={vm.hypervisor} />
        </span>
        {address !== undefined && <CopyText text={address} />}
        <span className="tags">
          <Tags tags={vm.tags} />
          {tagging && (
            <Button
              look="ghost"
              icon="tag"
              className="small"
              label="Change the tags"
              onClick={() => request([vm], tagging, undefined)}
            />
          )}
        </span>
        {vm.lastChange && !isQuiet(vm.lastChange.verb) && (
          <span className="quiet">
            {verbOf('vm', vm.lastChange.verb)?.title ?? vm.lastChange.verb} by{' '}
            {vm.lastChange.by === user ? 'you' : vm.lastChange.by} <Ago at={vm.lastChange.at} />
          </span>
        )}
      </div>
      <VerbBar entity={vm} />
    </header>
  );
}
