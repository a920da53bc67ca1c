import * as verbs from '../../verbs/vm-definition.ts';
import type { VmState } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import { type Element, formatXml, parseXml, setText, textOf } from '../../xml/element.ts';
import { guarded } from '../guarded.ts';
import { setMetadata } from '../set-metadata.ts';
import { forgetAutostart, vmFromXml } from '../vm-from-xml.ts';
import { clone } from './clone.ts';
import { type Handler, onVm, type VmContext } from './handler.ts';

export const definitionHandlers: readonly Handler[] = [
  onVm(verbs.define, async (context, { xml }) => {
    const now = await context.domain.xml({ inactive: true, signal: context.signal });
    const root = await guarded(context, xml, parseXml(now));
    refuseAnother(context.vm, root);
    context.refuseGain({ tags: vmFromXml(root).tags });
    forgetAutostart(root);
    setText(root, 'uuid', context.vm.uuid);
    setText(root, 'name', context.vm.name);
    await context.connection.defineDomain(formatXml(root), {
      validate: true,
      signal: context.signal,
    });
    return {};
  }),
  onVm(verbs.clone, clone),
  onVm(verbs.rename, async ({ domain, signal }, { name }) => {
    await domain.rename(name, { signal });
    return {};
  }),
  onVm(verbs.manage, (context) => change(context, { managed: true })),
  onVm(verbs.unmanage, (context) => change(context, { managed: false })),
  onVm(verbs.settags, (context, { tags }) => {
    context.refuseGain({ tags });
    return change(context, { tags });
  }),
];

/** A definition without a name and a uuid is of this machine; one with others is not, and would be defined beside it. */
function refuseAnother({ name, uuid }: VmState, root: Element): void {
  const plain = (text: string): string => text.replaceAll('-', '').toLowerCase();
  const given = { name: textOf(root, 'name') ?? name, uuid: textOf(root, 'uuid') ?? uuid };
  if (given.name !== name)
    throw new VerbError('conflict', `this definition is of '${given.name}', and not of ${name}`, {
      hint: `another name is given by: skerry vm rename ${name} NAME`,
    });
  if (plain(given.uuid) !== plain(uuid))
    throw new VerbError(
      'conflict',
      `this definition has the uuid ${given.uuid}; that of ${name} stays ${uuid}`,
    );
}

async function change(
  { domain, vm, signal }: VmContext,
  ours: Partial<Pick<VmState, 'managed' | 'tags'>>,
) {
  await setMetadata(domain, { ...vm, ...ours }, { signal });
  return {};
}
