import type { EntityState, VmState } from '../entity.ts';

/** The disks of a machine that go when it goes: those that it may write to, and no other machine has. Pure. */
export function ownDisks(vm: VmState, entities: readonly EntityState[]): VmState['disks'] {
  const others = new Set(
    entities.flatMap((each) =>
      each.kind === 'vm' && each.id !== vm.id ? each.disks.map(({ source }) => source) : [],
    ),
  );
  return vm.disks.filter(
    ({ source, readonly, device, target }) =>
      source &&
      !readonly &&
      device === 'disk' &&
      !others.has(source) &&
      !vm.disks.some((each) => each.source === source && each.target !== target),
  );
}
