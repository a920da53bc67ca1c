import { VerbError } from '../verb-error.ts';
import { type Element, parseXml } from '../xml/element.ts';
import { HOST_PERMISSION, partsOfHost, reachesHost } from './definition-guard.ts';
import { imageTest } from './golden-images.ts';
import type { Context, OtherHost } from './verbs/handler.ts';

/**
 * Parses a definition, and refuses what reaches the host or others' disks from whoever may not hand that out.
 * @param before what the machine is now
 */
export async function guarded(context: Context, xml: string, before?: Element): Promise<Element> {
  const root = parseXml(xml);
  if (root.name !== 'domain')
    throw new VerbError('invalid', `the XML is a <${root.name}>; a <domain> was expected`);
  if (context.mayOnHost(HOST_PERMISSION)) return root;
  const reach = reachesHost(root, { before, isImage: await imageTest(context) });
  if (reach.length > 0)
    throw new VerbError(
      'denied',
      `the definition reaches beyond the machine: ${reach.join('; ')}`,
      {
        permission: HOST_PERMISSION,
        hint: 'a new disk is made by: skerry vm drives-create',
      },
    );
  return root;
}

/**
 * Refuses what a machine has of its host from whoever may not hand that out where it would have it too.
 * @param host another hypervisor; this one unless told
 * @throws VerbError `denied`
 */
export function refusePartsOfHost(
  { mayOnHost }: Pick<Context, 'mayOnHost'>,
  machine: string,
  domain: Element,
  host?: OtherHost,
): void {
  const parts = mayOnHost(HOST_PERMISSION, host) ? [] : partsOfHost(domain);
  if (parts.length > 0)
    throw new VerbError('denied', `${machine} has parts of the host: ${parts.join('; ')}`, {
      permission: HOST_PERMISSION,
    });
}
