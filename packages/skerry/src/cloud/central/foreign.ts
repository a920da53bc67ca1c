// A uuid is one machine's in the whole cloud, and so are the grants for it: whoever brings the uuid of another's machine
// gets nothing of that one.
import { z } from 'zod';
import { vmId } from '../entity.ts';
import { VerbError } from '../verb-error.ts';
import type { Verb } from '../verbs/verb.ts';
import { parseXml, textOf } from '../xml/element.ts';
import type { Central } from './central.ts';

type Known = Pick<Central, 'registry' | 'parking'>;

/** Whether a machine is parked, or on another hypervisor than this one, too. */
export function isElsewhere({ registry, parking }: Known, uuid: string, here?: string): boolean {
  return (
    registry.claimants(vmId(uuid)).some((hypervisor) => hypervisor !== here) ||
    parking.get(uuid) !== undefined
  );
}

/**
 * A machine that is made from XML has no uuid that another one in the cloud has.
 * @throws VerbError `conflict`
 */
export function refuseForeign(known: Known, verb: Verb, params: unknown): void {
  const given = z.object({ xml: z.string() }).safeParse(params);
  if (verb.name !== 'alloc' || !given.success) return;
  const uuid = uuidOf(given.data.xml);
  if (uuid !== undefined && isElsewhere(known, uuid))
    throw new VerbError('conflict', 'there is a machine with the uuid of this XML', {
      hint: 'leave the uuid out, and it gets one of its own',
    });
}

/** In libvirt's form: it also takes capitals, blanks around it, and dashes anywhere or nowhere. */
function uuidOf(xml: string): string | undefined {
  const digits = textIn(xml)?.replaceAll(/[\s-]/g, '').toLowerCase();
  const parts = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(
    digits ?? '',
  );
  return parts?.slice(1).join('-');
}

/** What is wrong with the XML, the agent says. */
function textIn(xml: string): string | undefined {
  try {
    return textOf(parseXml(xml), 'uuid') ?? undefined;
  } catch {
    return undefined;
  }
}
