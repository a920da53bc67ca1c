// Shows people's XMPP clients what an agent publishes: the agent knows nothing of that.
import type { Publication } from '../bus/messages.ts';
import type { EntityId, HypervisorState, VmState } from '../entity.ts';
import { type EntityPresence, hypervisorPresence, vmPresence } from './presence-words.ts';
import { type EntityPush, hypervisorPush, networkPushes, vmPushes } from './push-words.ts';

/** What {@link EntitySessions} does. */
export interface PresenceSink {
  set(entity: EntityId, presence: EntityPresence): void;
  remove(entity: EntityId): Promise<void>;
  say(entity: EntityId, text: string): void;
  push(entity: EntityId, push: EntityPush): void;
}

/**
 * @returns what takes each publication of one agent, in order. What is not managed is not shown.
 * @example
 * const present = presentEntities(sessions);
 * bus.publish(publication);
 * present(publication);
 */
export function presentEntities(sink: PresenceSink): (publication: Publication) => void {
  const machines = new Map<EntityId, VmState>();
  /** Those that are not managed. */
  const others = new Set<EntityId>();
  let hypervisor: HypervisorState | undefined;

  /** What comes with the first publication was there before. */
  let isFirst = true;

  const tell = (change: string): void => {
    if (hypervisor && !isFirst)
      sink.push(hypervisor.id, hypervisorPush(hypervisor, change, machines.size));
  };

  const remove = (id: EntityId, change?: string): void => {
    const vm = machines.get(id);
    others.delete(id);
    if (!vm) return;
    machines.delete(id);
    void sink.remove(id);
    tell(change ?? (vm.task?.verb === 'migrate' ? 'migrate' : 'free'));
  };

  const show = (vm: VmState): void => {
    const before = machines.get(vm.id);
    machines.set(vm.id, vm);
    if (!before) return tell(others.delete(vm.id) ? 'manage' : 'alloc');
    for (const push of vmPushes(before, vm)) sink.push(vm.id, push);
  };

  const showHost = (host: HypervisorState): void => {
    const before = hypervisor;
    hypervisor = host;
    if (before && !isFirst)
      for (const push of networkPushes(before, host, machines.size)) sink.push(host.id, push);
  };

  const showAll = (): void => {
    const libvirt = hypervisor?.libvirt ?? 'connected';
    for (const [id, vm] of machines) sink.set(id, vmPresence(vm, libvirt));
    if (hypervisor) sink.set(hypervisor.id, hypervisorPresence(hypervisor, machines.size));
  };

  return (publication) => {
    if (publication.type === 'shout') sink.say(publication.entity as EntityId, publication.text);
    if (publication.type !== 'state') return;
    for (const id of publication.removed) remove(id as EntityId);
    for (const entity of publication.changed) {
      if (entity.kind === 'hypervisor') showHost(entity);
      else if (entity.managed) show(entity);
      else {
        remove(entity.id, 'unmanage');
        others.add(entity.id);
      }
    }
    // Those that have not changed are told so, and say nothing.
    showAll();
    isFirst = false;
  };
}
