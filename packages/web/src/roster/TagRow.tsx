import { useCloud } from '../store/cloud.ts';
import { vmOf } from '../store/state.ts';
import { cursor, selected } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Fold } from './Fold.tsx';

export interface TagRowProps {
  readonly id: string;
  /** The tag; empty for machines without one. */
  readonly name: string;
  readonly shown: number;
  readonly vms: readonly string[];
  readonly filtered: boolean;
}

/** A tag with its machines; a click selects them all, or none. */
export function TagRow({ id, name, shown, vms, filtered }: TagRowProps) {
  const running = useCloud(
    (state) => vms.filter((vm) => vmOf(state, vm)?.state === 'running').length,
  );
  const isCursor = useObservable(cursor, (at) => at === id);
  const isSelected = useObservable(selected, (all) => vms.every((vm) => all.has(vm)));
  const title = name === '' ? 'without a tag' : name;
  const toggle = (): void =>
    selected.update((all) => {
      const next = new Set(all);
      for (const vm of vms)
        if (isSelected) next.delete(vm);
        else next.add(vm);
      return next;
    });
  return (
    <div className={isCursor ? 'group-row cursor' : 'group-row'}>
      <Fold group={id} name={title} />
      <button
        type="button"
        className="row-link"
        aria-pressed={isSelected}
        title={isSelected ? 'Select none of them' : 'Select all of them'}
        onClick={toggle}
      >
        <span className={name === '' ? 'row-name quiet' : 'tag'}>{title}</span>
        <span className="group-load">
          <span className="row-count">
            {filtered ? `${shown} of ${vms.length}` : `${running} / ${vms.length} on`}
          </span>
        </span>
      </button>
    </div>
  );
}
