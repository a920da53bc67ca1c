import { describeHypervisor, formatMiB, STATE_WORDS } from '../../describe.ts';
import type { HypervisorState, VmState } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import * as verbs from '../../verbs/hypervisor.ts';
import { formatXml, parseXml } from '../../xml/element.ts';
import { HOST_PERMISSION } from '../definition-guard.ts';
import { isSomeonesDisk } from '../golden-images.ts';
import { networkReachesHost } from '../network-guard.ts';
import { type Context, type Handler, onHypervisor } from './handler.ts';

export const hypervisorHandlers: readonly Handler[] = [
  onHypervisor(verbs.nodeinfo, async (context) => ({
    text: describeHypervisor(context.hypervisor, vmsOf(context)),
  })),
  onHypervisor(verbs.rostervm, async (context) => {
    const lines = vmsOf(context)
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(
        (vm) =>
          `${vm.name}: ${STATE_WORDS[vm.state]}, ${formatMiB(vm.memoryMiB)}${vm.managed ? '' : ' (not managed)'}`,
      );
    return { text: lines.join('\n') || 'No machine is on me.' };
  }),
  onHypervisor(verbs.capabilities, async ({ connection, signal }) => ({
    xml: await connection.capabilities({ signal }),
  })),
  onHypervisor(verbs.settags, async ({ entities, hypervisor, refuseGain }, { tags }) => {
    refuseGain({ tags });
    entities.patch<HypervisorState>(hypervisor.id, { tags });
    return {};
  }),
  onHypervisor(verbs.drain, async ({ entities, hypervisor }, { on }) => {
    entities.patch<HypervisorState>(hypervisor.id, { drained: on });
    return {};
  }),
  onHypervisor(verbs.getGolden, async ({ connection, entities, settings, signal }) => {
    const pool = await connection.pool(settings.imagesPool, { signal });
    const volumes = await pool.volumes({ signal });
    const found = await Promise.all(
      volumes.filter(isImage).map(async (volume) => {
        const path = await volume.path({ signal });
        if (isSomeonesDisk(entities.all, settings.imagesPool, path)) return [];
        return [{ name: volume.name, sizeBytes: (await volume.info({ signal })).capacityBytes }];
      }),
    );
    return { images: found.flat().toSorted((a, b) => a.name.localeCompare(b.name)) };
  }),
  onHypervisor(verbs.networkDefine, async ({ connection, mayOnHost, signal }, { xml }) => {
    const root = parseXml(xml);
    const reach = mayOnHost(HOST_PERMISSION) ? [] : networkReachesHost(root);
    if (reach.length > 0)
      throw new VerbError('denied', `the network reaches the host: ${reach.join('; ')}`, {
        permission: HOST_PERMISSION,
      });
    const options = { validate: true, signal };
    return { name: (await connection.defineNetwork(formatXml(root), options)).name };
  }),
  onHypervisor(verbs.networkUndefine, async ({ connection, signal }, { name }) => {
    await (await connection.network(name, { signal })).undefine({ signal });
    return {};
  }),
  onHypervisor(verbs.networkCreate, async ({ connection, signal }, { name }) => {
    await (await connection.network(name, { signal })).start({ signal });
    return {};
  }),
  onHypervisor(verbs.networkDestroy, async ({ connection, signal }, { name }) => {
    await (await connection.network(name, { signal })).destroy({ signal });
    return {};
  }),
  onHypervisor(verbs.migrationinfo, async ({ settings }) => ({ uri: settings.migrationUri })),
];

/** A kernel that an image needs is none itself. */
function isImage({ name }: { readonly name: string }): boolean {
  return !/\.(kernel|initrd)$/.test(name);
}

function vmsOf({ entities }: Context): VmState[] {
  return entities.all.filter((each): each is VmState => each.kind === 'vm');
}
