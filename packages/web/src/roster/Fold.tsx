import { collapsed } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Icon } from '../ui/Icon.tsx';

export interface FoldProps {
  /** What is remembered of it: see `collapsed`. */
  readonly group: string;
  readonly name: string;
}

/** Hides the machines of a group, or shows them. */
export function Fold({ group, name }: FoldProps) {
  const folded = useObservable(collapsed, (all) => all.includes(group));
  return (
    <button
      type="button"
      className="fold"
      aria-expanded={!folded}
      aria-label={`${folded ? 'Show' : 'Hide'} the machines of ${name}`}
      onClick={() =>
        collapsed.update((all) => (folded ? all.filter((each) => each !== group) : [...all, group]))
      }
    >
      <Icon name={folded ? 'chevron' : 'down'} size={14} />
    </button>
  );
}
