import type { Place } from '../api/types.ts';
import { Icon } from '../ui/Icon.tsx';

export interface PlaceListProps {
  readonly places: readonly Place[];
  readonly chosen: string;
  readonly onChoose: (hypervisor: string) => void;
  readonly name: string;
  /** One may choose also where it is not possible as things are: central has the last word. */
  readonly isFree?: boolean;
}

/** Hypervisors as places, the best first: points and what they are for, or why not. */
export function PlaceList({ places, chosen, onChoose, name, isFree = false }: PlaceListProps) {
  return (
    <div className="places" role="radiogroup" aria-label="Hypervisor">
      {places.map(({ hypervisor, possible, score, parts, reasons }) => (
        <label key={hypervisor} className={`place ${possible ? '' : 'impossible'}`}>
          <input
            type="radio"
            name={name}
            value={hypervisor}
            checked={chosen === hypervisor}
            disabled={!possible && !isFree}
            onChange={() => onChoose(hypervisor)}
          />
          <span className="place-name">{hypervisor}</span>
          {possible ? (
            <>
              <span className="place-parts">
                {parts.map((part) => (
                  <span key={part.name} title={`${part.points} points for ${part.name}`}>
                    {part.name} <b>{part.points}</b>
                  </span>
                ))}
              </span>
              <span className="place-score" title="Points of 100">
                {score}
              </span>
            </>
          ) : (
            <span className="place-why">
              <Icon name="warn" size={14} />
              {reasons.join('; ')}
            </span>
          )}
        </label>
      ))}
    </div>
  );
}
