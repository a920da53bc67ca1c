import { useQuery } from '@tanstack/react-query';
import { apiPost, pathOf } from '../api/client.ts';
import type { VmState } from '../api/types.ts';
import { Empty, Problem } from '../ui/bits.tsx';
import { formatBytes } from '../ui/format.ts';
import { VerbButton } from '../verbs/VerbButton.tsx';
import { Table } from '../ui/Table.tsx';

interface Drives {
  readonly drives: readonly {
    readonly target: string;
    readonly source: string | null;
    readonly format: string | null;
    readonly capacityBytes: number | null;
    readonly allocationBytes: number | null;
  }[];
}

export function DrivesTab({ vm }: { readonly vm: VmState }) {
  const { data, error } = useQuery({
    queryKey: ['drives', vm.id, vm.disks.map(({ target, source }) => `${target} ${source}`).join()],
    queryFn: () => apiPost<Drives>(`${pathOf(vm.id)}/drives_get`),
    staleTime: 0,
  });
  const sizes = new Map(data?.drives.map((drive) => [drive.target, drive]));
  if (vm.disks.length === 0)
    return (
      <Empty
        icon="disk"
        title="No drives"
        action={<VerbButton entity={vm} verb="drives_create" look="primary" />}
      >
        Add one, and it starts from it once something is installed there.
      </Empty>
    );
  return (
    <section className="card drives">
      <header className="card-head">
        <h2>Drives</h2>
        <VerbButton entity={vm} verb="drives_create" look="primary" />
      </header>
      {error && <Problem title="Their sizes are not known" text={error.message} />}
      <Table columns={['Drive', 'Source', 'Format', { number: 'Size' }, { number: 'Used' }, null]}>
        {vm.disks.map(({ target, source, device, format, bus, readonly }) => {
          const size = sizes.get(target);
          return (
            <tr key={target}>
              <th scope="row">
                {target} <span className="quiet">{[device, bus].filter(Boolean).join(', ')}</span>
              </th>
              <td className="path">{source ?? 'empty'}</td>
              <td>{size?.format ?? format ?? ''}</td>
              <td className="number">
                {size?.capacityBytes ? formatBytes(size.capacityBytes) : ''}
              </td>
              <td className="number">
                {size?.allocationBytes ? formatBytes(size.allocationBytes) : ''}
              </td>
              <td className="row-verbs">
                {device === 'disk' && !readonly && (
                  <>
                    <VerbButton
                      entity={vm}
                      verb="drives_setgolden"
                      params={{ target }}
                      label="Golden image"
                      look="ghost"
                    />
                    <VerbButton
                      entity={vm}
                      verb="drives_convert"
                      params={{ target }}
                      label="Convert"
                      look="ghost"
                    />
                    <VerbButton
                      entity={vm}
                      verb="drives_delete"
                      params={{ target }}
                      label="Delete"
                      look="ghost"
                    />
                  </>
                )}
              </td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}
