// A hypervisor as libvirt describes it.
import type { Connection, Network, StoragePool } from '@skerry/libvirt';
import type { HypervisorState } from '../entity.ts';
import { parseXml, textOf } from '../xml/element.ts';

export type ReadHost = Pick<
  HypervisorState,
  'libvirtVersion' | 'driver' | 'cpuModel' | 'cpus' | 'memoryMiB' | 'networks' | 'pools'
>;

export async function readHost(connection: Connection, signal: AbortSignal): Promise<ReadHost> {
  const [node, libvirtVersion, driver, capabilities, networks, pools] = await Promise.all([
    connection.nodeInfo({ signal }),
    connection.libVersion({ signal }),
    connection.driver({ signal }),
    connection.capabilities({ signal }),
    connection.networks({ signal }),
    connection.pools({ signal }),
  ]);
  return {
    libvirtVersion,
    driver,
    cpuModel: textOf(parseXml(capabilities), 'host/cpu/model') ?? node.model,
    cpus: node.cpus,
    memoryMiB: Math.round(node.memoryKiB / 1024),
    networks: (await Promise.all(networks.map((each) => readNetwork(each, signal)))).toSorted(
      byName,
    ),
    pools: (await Promise.all(pools.map((each) => readPool(each, signal)))).toSorted(byName),
  };
}

async function readNetwork(
  network: Network,
  signal: AbortSignal,
): Promise<HypervisorState['networks'][number]> {
  const [active, persistent, autostart, bridge] = await Promise.all([
    network.isActive({ signal }),
    network.isPersistent({ signal }),
    network.autostart({ signal }).catch(() => false),
    network.bridgeName({ signal }).catch(() => null),
  ]);
  return { name: network.name, uuid: network.uuid, active, persistent, autostart, bridge };
}

async function readPool(
  pool: StoragePool,
  signal: AbortSignal,
): Promise<HypervisorState['pools'][number]> {
  const [active, info] = await Promise.all([pool.isActive({ signal }), pool.info({ signal })]);
  return {
    name: pool.name,
    active,
    capacityBytes: info.capacityBytes,
    availableBytes: info.availableBytes,
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name);
}
