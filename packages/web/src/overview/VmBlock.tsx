import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { VmState } from '../api/types.ts';
import { startDrag, stopDrag } from '../migrate/drag.ts';
import { useCloud } from '../store/cloud.ts';
import { vmStatus } from '../store/status.ts';
import type { Box } from '../store/treemap.ts';
import { Dot } from '../ui/bits.tsx';
import { formatMiB } from '../ui/format.ts';
import { useVerbs, verbOf } from '../verbs/table.ts';

export const VmBlock = memo(({ vm, box }: { readonly vm: VmState; readonly box: Box }) => {
  useVerbs();
  const pending = useCloud((state) => state.pending.get(vm.id));
  const user = useCloud((state) => state.user);
  const status = vmStatus(vm, pending, (name) => verbOf('vm', name), user);
  const style = {
    left: `${box.x}%`,
    top: `${(box.y / 60) * 100}%`,
    width: `${box.width}%`,
    height: `${(box.height / 60) * 100}%`,
  };
  const size = box.width < 14 || box.height < 11 ? 'tiny' : box.height < 20 ? 'flat' : '';
  return (
    <Link
      to="/vm/$uuid/{-$tab}"
      params={{ uuid: vm.uuid }}
      className={`block ${status.tone} ${size}`}
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
          {box.width < 24 && status.tone !== 'busy' ? '' : `${status.text} · `}
          {formatMiB(vm.memoryMiB)}
        </span>
      </span>
    </Link>
  );
});
