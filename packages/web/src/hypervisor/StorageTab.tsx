import type { HypervisorState } from '../api/types.ts';
import { Bar, Empty } from '../ui/bits.tsx';
import { formatBytes } from '../ui/format.ts';
import { useImages } from '../verbs/use-choices.ts';

export function StorageTab({ host }: { readonly host: HypervisorState }) {
  const { data } = useImages(host.name);
  const images = data?.images ?? [];
  return (
    <div className="two-columns">
      <section className="card">
        <header className="card-head">
          <h2>Pools</h2>
        </header>
        {host.pools.length === 0 && (
          <Empty icon="disk" title="No storage pools">
            New machines have their disks in a pool of libvirt. Define one on {host.name} with{' '}
            <code>virsh pool-define</code>.
          </Empty>
        )}
        <ul className="pools">
          {host.pools.map(({ name, active, capacityBytes, availableBytes }) => (
            <li key={name}>
              <strong>{name}</strong>
              <span className="quiet">
                {active
                  ? `${formatBytes(availableBytes)} free of ${formatBytes(capacityBytes)}`
                  : 'not active'}
              </span>
              <Bar
                part={capacityBytes === 0 ? 0 : 1 - availableBytes / capacityBytes}
                label={`${formatBytes(capacityBytes - availableBytes)} in use`}
              />
            </li>
          ))}
        </ul>
      </section>
      <section className="card">
        <header className="card-head">
          <h2>Golden images</h2>
        </header>
        {images.length === 0 ? (
          <Empty icon="disk" title="No golden images">
            Make one from the drive of a machine that is off: its page, Drives, Golden image.
          </Empty>
        ) : (
          <table className="table">
            <tbody>
              {images.map(({ name, sizeBytes }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="number">{formatBytes(sizeBytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </div>
  );
}
