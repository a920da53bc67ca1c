import * as verbs from '../../verbs/vm-definition.ts';
import type { VmState } from '../../entity.ts';
import { formatXml, parseXml, setText } from '../../xml/element.ts';
import { guarded } from '../guarded.ts';
import { setMetadata } from '../set-metadata.ts';
import { forgetAutostart, vmFromXml } from '../vm-from-xml.ts';
import { clone } from './clone.ts';
import { type Handler, onVm, type VmContext } from './handler.ts';

export const definitionHandlers: readonly Handler[] = [
  onVm(verbs.define, async (context, { xml }) => {
    const now = await context.domain.xml({ inactive: true, signal: context.signal });
    const root = await guarded(context, xml, parseXml(now));
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

async function change(
  { domain, vm, signal }: VmContext,
  ours: Partial<Pick<VmState, 'managed' | 'tags'>>,
) {
  await setMetadata(domain, { ...vm, ...ours }, { signal });
  return {};
}
