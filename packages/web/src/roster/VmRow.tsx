import { memo } from 'react';
import { startDrag, stopDrag } from '../migrate/drag.ts';
import { cloud, useCloud } from '../store/cloud.ts';
import { vmOf } from '../store/state.ts';
import { vmStatus } from '../store/status.ts';
import { toggleSelected } from '../store/ui.ts';
import { Dot } from '../ui/bits.tsx';
import { EntityAnchor } from '../ui/EntityAnchor.tsx';
import { useVerbs, verbOf } from '../verbs/table.ts';
import { useRowLook } from './use-row-look.ts';

export const VmRow = memo(({ id }: { readonly id: string }) => {
  const vm = useCloud((state) => vmOf(state, id));
  useVerbs();
  const pending = useCloud((state) => state.pending.get(id));
  const { isOpen, isCursor, isSelected, isSelecting } = useRowLook(id);
  if (!vm) return null;
  // Another user's page is another one.
  const { user } = cloud.get();
  const status = vmStatus(vm, pending, (name) => verbOf('vm', name), user);
  const [tag, ...more] = vm.tags;
  return (
    <div
      className={`vm-row ${isOpen ? 'open' : ''} ${isCursor ? 'cursor' : ''} ${isSelected ? 'selected' : ''} ${isSelecting ? 'selecting' : ''}`}
      draggable
      onDragStart={(event) => startDrag(event, vm)}
      onDragEnd={stopDrag}
    >
      <input
        type="checkbox"
        className="row-check"
        checked={isSelected}
        aria-label={`Select ${vm.name}`}
        onChange={() => toggleSelected(id)}
      />
      <EntityAnchor
        entity={id}
        className="row-link"
        aria-current={isOpen ? 'page' : undefined}
        draggable={false}
        onClick={(event) => {
          if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
          event.preventDefault();
          toggleSelected(id);
        }}
      >
        <Dot tone={status.tone} />
        <span className={vm.managed ? 'row-name' : 'row-name unmanaged'}>{vm.name}</span>
        {tag && <span className="tag">{more.length > 0 ? `${tag} +${more.length}` : tag}</span>}
        <span className={`row-status ${status.tone}`}>{status.text}</span>
      </EntityAnchor>
    </div>
  );
});
