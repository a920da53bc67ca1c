import type { CallOptions, Domain } from '@skerry/libvirt';
import { isOn, type VmState } from '../entity.ts';
import { METADATA, metadataXml } from './vm-from-xml.ts';

/** Writes our element of a machine, as it runs and as it is defined. @throws LibvirtError */
export async function setMetadata(
  domain: Domain,
  vm: Pick<VmState, 'managed' | 'tags' | 'persistent' | 'state'>,
  { autostart, ...options }: CallOptions & { readonly autostart?: boolean } = {},
): Promise<void> {
  const xml = metadataXml(vm, autostart);
  const what = { uri: METADATA.uri };
  const both = { ...options, key: METADATA.key };
  if (vm.persistent) await domain.setMetadata(what, xml, { ...both, affect: 'config' });
  if (isOn(vm)) await domain.setMetadata(what, xml, { ...both, affect: 'live' });
}
