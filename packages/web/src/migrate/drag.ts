// Dragging a machine: while it is in the air, every hypervisor shows whether it can land there, and why not.
import type { DragEvent } from 'react';
import { apiGet, pathOf } from '../api/client.ts';
import type { Place, VmState } from '../api/types.ts';
import { observable } from '../store/observable.ts';
import { dragged } from '../store/ui.ts';

/** Where the dragged machine can go, by hypervisor; null until central has answered. */
export const dropPlaces = observable<ReadonlyMap<string, Place> | null>(null);

/** The hypervisors that a machine can go to, the best first, and then those that it cannot. */
export async function targetsOf(vmId: string, signal?: AbortSignal): Promise<Place[]> {
  const places = await apiGet<Place[]>(`${pathOf(vmId)}/migration-targets`, signal);
  return places.toSorted((a, b) => Number(b.possible) - Number(a.possible) || b.score - a.score);
}

export function startDrag(event: DragEvent, vm: VmState): void {
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', vm.name);
  dragged.set(vm.id);
  dropPlaces.set(null);
  targetsOf(vm.id).then(
    (places) => {
      if (dragged.get() === vm.id)
        dropPlaces.set(new Map(places.map((place) => [place.hypervisor, place])));
    },
    () => {},
  );
}

export function stopDrag(): void {
  dragged.set(null);
  dropPlaces.set(null);
}
