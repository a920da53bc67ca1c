import * as verbs from '../../verbs/vm-definition.ts';
import { isOn } from '../../entity.ts';
import { formatXml, parseXml, setText } from '../../xml/element.ts';
import { guarded } from '../guarded.ts';
import { METADATA, metadataXml, vmFromXml } from '../vm-from-xml.ts';
import { clone } from './clone.ts';
import { type Handler, onVm, type VmContext } from './handler.ts';

export const definitionHandlers: readonly Handler[] = [
  onVm(verbs.define, async (context, { xml }) => {
    const now = await context.domain.xml({ inactive: true, signal: context.signal });
    const root = await guarded(context, xml, parseXml(now));
    context.refuseGain(vmFromXml(root).tags);
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
  onVm(verbs.manage, (context) => setMetadata(context, { managed: true, tags: context.vm.tags })),
  onVm(verbs.unmanage, (context) =>
    setMetadata(context, { managed: false, tags: context.vm.tags }),
  ),
  onVm(verbs.settags, (context, { tags }) => {
    context.refuseGain(tags);
    return setMetadata(context, { managed: context.vm.managed, tags });
  }),
];

async function setMetadata(context: VmContext, ours: { managed: boolean; tags: string[] }) {
  const { domain, vm, signal } = context;
  const xml = metadataXml(ours);
  const options = { key: METADATA.key, signal };
  if (vm.persistent)
    await domain.setMetadata({ uri: METADATA.uri }, xml, { ...options, affect: 'config' });
  if (isOn(vm))
    await domain.setMetadata({ uri: METADATA.uri }, xml, { ...options, affect: 'live' });
  return {};
}
