import { useCloud } from '../store/cloud.ts';
import { Icon } from '../ui/Icon.tsx';

/** This central does nothing for now: another one does, or it cannot know. */
export function StandBanner() {
  const stand = useCloud((state) => state.stand);
  if (!stand?.other || (stand.role !== 'standby' && stand.role !== 'cut-off')) return null;
  const { name, role, other } = stand;
  return (
    <div className="stand" role="status">
      <Icon name={role === 'standby' ? 'lock' : 'warn'} />
      {role === 'standby' ? (
        <p>
          <strong>{name} is a standby.</strong> You see everything here; to change something, go to{' '}
          <a href={other.url}>{other.name}</a>, which is active.
        </p>
      ) : (
        <p>
          <strong>{name} is cut off.</strong> It reaches neither{' '}
          <a href={other.url}>{other.name}</a> nor most hypervisors, so it changes nothing. The
          machines go on.
        </p>
      )}
    </div>
  );
}
