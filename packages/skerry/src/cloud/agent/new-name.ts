// Names of machines: libvirt wants them to differ on one hypervisor.
import { VerbError } from '../verb-error.ts';
import { friendlyName } from './friendly-name.ts';
import type { Context } from './verbs/handler.ts';

/**
 * The name for a new machine: the given one, or a friendly one that is free.
 * @throws VerbError `conflict` where a machine of this hypervisor has the given one
 */
export function newName(context: Context, given?: string): string {
  const name = given ?? friendlyName((each) => isTaken(context, each));
  refuseTaken(context, name);
  return name;
}

/** @throws VerbError `conflict` */
export function refuseTaken(context: Context, name: string): void {
  if (isTaken(context, name))
    throw new VerbError('conflict', `there is a machine called '${name}' on this hypervisor`);
}

function isTaken({ entities }: Context, name: string): boolean {
  return entities.all.some((each) => each.kind === 'vm' && each.name === name);
}
