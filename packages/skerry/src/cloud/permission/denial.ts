// Whether somebody may do a verb, in the words that they hear: the same from an agent and from central.
import { type EntityState, hypervisorOf } from '../entity.ts';
import { VerbError } from '../verb-error.ts';
import type { Verb } from '../verbs/verb.ts';
import { decide, permissionsOf, type Subject } from './decide.ts';
import type { Policy } from './policy.ts';

/** What a decision needs to know of an entity. */
export function subjectOf(entity: EntityState): { id: string; hypervisor: string; tags: string[] } {
  return { id: entity.id, hypervisor: hypervisorOf(entity), tags: entity.tags };
}

/** Why somebody may not do a verb, in the same words from whoever looks; undefined when they may. */
export function denialOf(
  policy: Policy,
  user: string,
  entity: EntityState,
  verb: Verb,
): VerbError | undefined {
  const subject = subjectOf(entity);
  const { permission } = verb;
  const decision = decide(policy, user, permission, subject);
  if (decision.allowed) return undefined;
  // Whoever may do nothing with an entity is not told that it exists.
  if (permissionsOf(policy, user, subject).size === 0)
    return new VerbError('denied', `${user} may not see this, if it exists`, { permission });
  return new VerbError(
    'denied',
    `${user} may not do that to ${entity.name} (${verb.title}): ${decision.because}`,
    {
      permission,
      hint: `somebody who may can grant it: skerry ${entity.kind} permission-set ${entity.name}`,
    },
  );
}

/**
 * Grants may be for a tag, or for all that is on a hypervisor: whoever sets tags, or moves a machine, gets nothing by that which
 * they had not before.
 *
 * @param as what is to change
 * @throws VerbError `denied`
 */
export function refuseGain(
  policy: Policy,
  user: string,
  subject: Subject,
  name: string,
  as: Partial<Subject>,
): void {
  const has = permissionsOf(policy, user, subject);
  const would = permissionsOf(policy, user, { ...subject, ...as });
  const gained = has.has('all') ? [] : [...would].filter((each) => !has.has(each));
  const how = as.tags ? 'with these tags' : `on ${as.hypervisor ?? ''}`;
  if (gained.length > 0)
    throw new VerbError(
      'denied',
      `${how} ${user} would have ${gained.join(', ')} for ${name}: somebody who has that does it`,
      { permission: gained[0] },
    );
}
