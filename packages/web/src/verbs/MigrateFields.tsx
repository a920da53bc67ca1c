import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { VmState } from '../api/types.ts';
import { targetsOf } from '../migrate/drag.ts';
import { PlaceList } from '../migrate/PlaceList.tsx';
import { Empty, Problem } from '../ui/bits.tsx';

export interface MigrateFieldsProps {
  readonly vm: VmState;
  readonly target: string;
  readonly onChange: (target: string) => void;
}

/** Where a machine can go, the best place chosen. */
export function MigrateFields({ vm, target, onChange }: MigrateFieldsProps) {
  const { data: places, error } = useQuery({
    queryKey: ['targets', vm.id],
    queryFn: ({ signal }) => targetsOf(vm.id, signal),
    staleTime: 0,
  });
  const best = places?.[0];
  useEffect(() => {
    if (target === '' && best?.possible) onChange(best.hypervisor);
  }, [target, best, onChange]);
  if (error) return <Problem title="The hypervisors are not known" text={error.message} />;
  if (!places) return <div className="places waiting" aria-busy="true" />;
  if (places.length === 0)
    return (
      <Empty icon="server" title="There is no other hypervisor">
        Let another one join: <code>skerry agent join TOKEN</code>.
      </Empty>
    );
  return <PlaceList places={places} chosen={target} onChoose={onChange} name="target" />;
}
