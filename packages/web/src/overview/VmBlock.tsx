import { memo } from 'react';
import type { VmState } from '../api/types.ts';
import { startDrag, stopDrag } from '../migrate/drag.ts';
import type { Pending } from '../store/state.ts';
import { vmStatus } from '../store/status.ts';
import type { Box } from '../store/treemap.ts';
import { Dot } from '../ui/bits.tsx';
import { EntityAnchor } from '../ui/EntityAnchor.tsx';
import { formatMiB } from '../ui/format.ts';
import { verbOf } from '../verbs/table.ts';

export interface VmBlockProps {
  readonly vm: VmState;
  readonly box: Box;
  readonly pending: Pending | undefined;
  readonly user: string;
}

/** A machine on the map of its hypervisor. */
export const VmBlock = memo(({ vm, box, pending, user }: VmBlockProps) => {
  const status = vmStatus(vm, pending, (name) => verbOf('vm', name), user);
  const style = {
    left: `${box.x}%`,
    top: `${(box.y / 60) * 100}%`,
    width: `${box.width}%`,
    height: `${(box.height / 60) * 100}%`,
  };
  return (
    <EntityAnchor
      entity={vm.id}
      className={`block ${status.tone}`}
      style={style}
      title={`${vm.name}: ${status.text}, ${formatMiB(vm.memoryMiB)}`}
      draggable
      onDragStart={(event) => startDrag(event, vm)}
      onDragEnd={stopDrag}
    >
      <span className="block-in">
        <span className="block-name">
          <Dot tone={status.tone} />
          <span>{vm.name}</span>
        </span>
        <span className="block-text">
          {status.text} · {formatMiB(vm.memoryMiB)}
        </span>
      </span>
    </EntityAnchor>
  );
});
