// What only central can say to a verb before an agent gets it, since it knows all hypervisors. Pure.
import { z } from 'zod';
import type { EntityState } from '../entity.ts';
import { VerbError } from '../verb-error.ts';
import type { Verb } from '../verbs/verb.ts';
import { parseXml, textOf } from '../xml/element.ts';
import { migrationTargets, type PlacementInput } from './placement.ts';

/** What placement looks at, and what of it somebody may hear of. */
export interface SeenPlaces extends PlacementInput {
  readonly isSeen: (entity: EntityState) => boolean;
}

/** Verbs that give a machine a name. */
const NAMING = new Set(['alloc', 'clone', 'rename']);

/**
 * libvirt wants names to differ on one hypervisor; machines move, so they differ everywhere.
 * @throws VerbError `conflict`
 */
export function refuseTwin(verb: Verb, params: unknown, { vms, isSeen }: SeenPlaces): void {
  const given = NAMING.has(verb.name) ? nameIn(params) : undefined;
  const twin = vms.find(({ name }) => name === given);
  if (!twin) return;
  const words = isSeen(twin)
    ? `a machine on ${twin.hypervisor} is called '${twin.name}'`
    : `the name '${twin.name}' is taken`;
  throw new VerbError('conflict', words);
}

/** The name that a machine is to have; what is wrong with its XML, the agent says. */
function nameIn(params: unknown): string | undefined {
  const { data } = z.object({ name: z.string(), xml: z.string() }).partial().safeParse(params);
  if (data?.xml === undefined) return data?.name;
  try {
    return textOf(parseXml(data.xml), 'name') ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * A migration's parameters with its target in the words of the target's libvirt; those of other verbs as they are.
 * @throws VerbError where it cannot go
 */
export function withTarget(
  verb: Verb,
  target: EntityState,
  params: unknown,
  places: SeenPlaces,
): unknown {
  if (verb.name !== 'migrate' || target.kind !== 'vm') return params;
  const to = z.object({ target: z.string() }).safeParse(params);
  if (!to.success) return params;
  if (to.data.target === target.hypervisor)
    throw new VerbError('conflict', `${target.name} is on ${target.hypervisor} already`);
  const place = migrationTargets(target, places).find((each) => each.hypervisor === to.data.target);
  const host = places.hosts.find(({ name }) => name === place?.hypervisor);
  if (!place || !host) {
    const seen = places.hosts.filter(places.isSeen);
    const known = seen.map(({ name }) => name).join(', ') || 'none that you see';
    throw new VerbError(
      'not-found',
      `there is no hypervisor '${to.data.target}'; there are: ${known}`,
    );
  }
  if (!place.possible)
    throw new VerbError(
      'conflict',
      `${target.name} cannot go to ${place.hypervisor}${places.isSeen(host) ? `: ${place.reasons.join('; ')}` : ''}`,
    );
  return {
    ...to.data,
    targetTags: host.tags,
    ...(host.migrationUri && { targetUri: host.migrationUri }),
  };
}
