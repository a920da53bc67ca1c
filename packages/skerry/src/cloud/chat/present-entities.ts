// Shows people's XMPP clients what an agent publishes: the agent knows nothing of that.
import type { Publication } from '../bus/messages.ts';
import type { EntityId, HypervisorState, VmState } from '../entity.ts';
import { type EntityPresence, hypervisorPresence, vmPresence } from './presence-words.ts';

/** What {@link EntitySessions} does. */
export interface PresenceSink {
  set(entity: EntityId, presence: EntityPresence): void;
  remove(entity: EntityId): Promise<void>;
  say(entity: EntityId, text: string): void;
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
  let hypervisor: HypervisorState | undefined;

  const remove = (id: EntityId): void => {
    if (machines.delete(id)) void sink.remove(id);
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
      if (entity.kind === 'hypervisor') hypervisor = entity;
      else if (entity.managed) machines.set(entity.id, entity);
      else remove(entity.id);
    }
    // Those that have not changed are told so, and say nothing.
    showAll();
  };
}
