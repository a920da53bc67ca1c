import { type DragEvent, useState } from 'react';
import { cloud, useCloud } from '../store/cloud.ts';
import { vmOf } from '../store/state.ts';
import { dragged } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { perform } from '../verbs/perform.ts';
import { verbOf } from '../verbs/table.ts';
import { dropPlaces, stopDrag } from './drag.ts';

interface DropTarget {
  /** Classes of the look: nothing when no machine is in the air. */
  readonly look: string;
  /** `score 87`, or why not. */
  readonly note: string;
  readonly handlers: {
    readonly onDragOver: (event: DragEvent) => void;
    readonly onDragLeave: () => void;
    readonly onDrop: (event: DragEvent) => void;
  };
}

/** A hypervisor that a machine can be dropped on. */
export function useDropTarget(name: string): DropTarget {
  const id = useObservable(dragged);
  const places = useObservable(dropPlaces);
  const from = useCloud((state) => (id ? vmOf(state, id)?.hypervisor : undefined));
  const [isOver, setIsOver] = useState(false);
  const place = places?.get(name);
  const state = stateOf(id, from === name, place?.possible);
  const handlers = {
    onDragOver(event: DragEvent): void {
      if (state !== 'yes') return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'move';
      setIsOver(true);
    },
    onDragLeave: () => setIsOver(false),
    onDrop(event: DragEvent): void {
      event.preventDefault();
      setIsOver(false);
      const vm = id ? vmOf(cloud.get(), id) : undefined;
      const verb = verbOf('vm', 'migrate');
      stopDrag();
      if (vm && verb && state === 'yes')
        void perform({ entity: vm, verb, params: { target: name } });
    },
  };
  if (state === 'none') return { look: '', note: '', handlers };
  const notes = {
    from: 'it is here',
    waiting: 'asking…',
    yes: `score ${place?.score ?? ''}`,
    no: place?.reasons.join('; ') ?? 'not possible',
  };
  return { look: `drop-${state}${isOver ? ' drop-over' : ''}`, note: notes[state], handlers };
}

function stateOf(
  id: string | null,
  isFrom: boolean,
  possible: boolean | undefined,
): 'none' | 'from' | 'waiting' | 'yes' | 'no' {
  if (id === null) return 'none';
  if (isFrom) return 'from';
  if (possible === undefined) return dropPlaces.get() === null ? 'waiting' : 'no';
  return possible ? 'yes' : 'no';
}
