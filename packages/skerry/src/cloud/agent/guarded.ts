import { VerbError } from '../verb-error.ts';
import { type Element, parseXml, textOf } from '../xml/element.ts';
import { HOST_PERMISSION, partsOfHost, reachesHost } from './definition-guard.ts';
import { imageTest } from './golden-images.ts';
import { isDiskOf } from './new-domain-xml.ts';
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
 *
 * @throws VerbError `denied`
 */
export async function refusePartsOfHost(context: Context, domain: Element): Promise<void> {
  if (context.mayOnHost(HOST_PERMISSION)) return;
  const isImage = await imageTest(context);
  // Its disks are copied.
  const isCopied = (): boolean => true;
  refuse(domain, partsOfHost(domain, isCopied, isImage));
}

/**
 * The same for a machine that comes to another hypervisor. At the path of its disk may be another's there, unless they share
 * their disks, it is called so that it can be nobody else's, or it is an image there.
 *
 * @param host that one; this one unless told
 * @throws VerbError `denied`
 */
export async function refuseToTakeAlong(
  context: Context,
  domain: Element,
  host?: OtherHost,
): Promise<void> {
  if (context.mayOnHost(HOST_PERMISSION, host)) return;
  const uuid = textOf(domain, 'uuid') ?? '';
  const isImage = await imageTest(context);
  const isIts = (file: string): boolean => context.settings.sharedStorage || isDiskOf(uuid, file);
  refuse(domain, partsOfHost(domain, isIts, isImage));
}

function refuse(domain: Element, parts: readonly string[]): void {
  if (parts.length > 0)
    throw new VerbError(
      'denied',
      `${textOf(domain, 'name') ?? ''} has parts of the host: ${parts.join('; ')}`,
      {
        permission: HOST_PERMISSION,
      },
    );
}
