// Who sees what of the cloud itself; what one sees of machines and hypervisors is decided for each of them.
import { vmId } from '../entity.ts';
import { CENTRAL, decide, maySee, permissionsOf } from '../permission/decide.ts';
import { ADMINISTER } from '../permission/known.ts';
import type { Central } from './central.ts';
import type { Parked } from './parking.ts';

/** Whether somebody may do everything about people. */
export function mayAdminister({ policies }: Central, user: string): boolean {
  return decide(policies.policy, user, ADMINISTER, CENTRAL).allowed;
}

/** Whether somebody may know who else there is: whoever can grant something to them. */
export function mayKnowPeople(central: Central, user: string): boolean {
  if (mayAdminister(central, user)) return true;
  return central.registry.all.some(
    (entity) =>
      central.explain(user, entity, 'permission_set').allowed ||
      central.explain(user, entity, 'permission_get').allowed,
  );
}

/** What a decision needs to know of a machine that is on no hypervisor: it is under the grants it had. */
export function subjectOfParked({ uuid, hypervisor, tags }: Parked) {
  return { id: `vm:${uuid}`, hypervisor, tags };
}

/** The machines of which somebody may know that their definition is kept; some may be on a hypervisor all the same. */
export function keptFor({ parking, policies }: Central, user: string): Parked[] {
  const mayAll = permissionsOf(policies.policy, user, CENTRAL).size > 0;
  return parking
    .list()
    .filter((each) => mayAll || maySee(policies.policy, user, subjectOfParked(each)));
}

/** The parked machines that somebody may do anything with: what is on a hypervisor is not parked. */
export function parkedFor(central: Central, user: string): Parked[] {
  return keptFor(central, user).filter(({ uuid }) => !central.registry.get(vmId(uuid)));
}

/** The lines of what was done that somebody sees; undefined for all. See {@link seesLine}. */
export function linesOf(central: Central, user: string) {
  if (mayAdminister(central, user)) return undefined;
  const seen = central.registry.all.filter((each) => central.permissions(user, each).size > 0);
  return { user, entities: seen.map(({ id }) => id) };
}

/** Whether somebody sees a line of what was done: to what they see, or by themselves. */
export function seesLine(
  central: Central,
  user: string,
  entry: { readonly entity: string; readonly by: { readonly user: string } },
  visible: Pick<ReadonlySet<string>, 'has'>,
): boolean {
  return visible.has(entry.entity) || entry.by.user === user || mayAdminister(central, user);
}
