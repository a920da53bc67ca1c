import { Link } from '@tanstack/react-router';
import { useCloud } from '../store/cloud.ts';

export interface EntityLinkProps {
  readonly id: string;
  readonly name: string;
  readonly tab?: string;
}

/** A name that leads to the entity's page, as long as there is one. */
export function EntityLink({ id, name, tab }: EntityLinkProps) {
  const exists = useCloud((state) => state.entities.has(id));
  const rest = id.slice(id.indexOf(':') + 1);
  if (id === 'central') return 'the cloud';
  if (!exists) return <span className="entity-link gone">{name}</span>;
  return id.startsWith('vm:') ? (
    <Link to="/vm/$uuid/{-$tab}" params={{ uuid: rest, tab }} className="entity-link">
      {name}
    </Link>
  ) : (
    <Link to="/hypervisor/$name/{-$tab}" params={{ name: rest, tab }} className="entity-link">
      {name}
    </Link>
  );
}
