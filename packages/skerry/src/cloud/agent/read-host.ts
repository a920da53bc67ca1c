// A hypervisor as libvirt describes it.
import type { Connection, Network, StoragePool } from '@skerry/libvirt';
import type { HypervisorState } from '../entity.ts';
import { parseXml, textOf } from '../xml/element.ts';

/** What stays the same as long as libvirt runs. Its capabilities are a long document. */
export type HostFacts = Pick<
  HypervisorState,
  'libvirtVersion' | 'driver' | 'cpuModel' | 'cpus' | 'memoryMiB'
>;

export async function readHostFacts(
  connection: Connection,
  signal: AbortSignal,
): Promise<HostFacts> {
  const [node, libvirtVersion, driver, capabilities] = await Promise.all([
    connection.nodeInfo({ signal }),
    connection.libVersion({ signal }),
    connection.driver({ signal }),
    connection.capabilities({ signal }),
  ]);
  return {
    libvirtVersion,
    driver,
    cpuModel: textOf(parseXml(capabilities), 'host/cpu/model') ?? node.model,
    cpus: node.cpus,
    memoryMiB: Math.round(node.memoryKiB / 1024),
  };
}

/** What its machines can use, and what changes. */
export async function readResources(
  connection: Connection,
  signal: AbortSignal,
): Promise<Pick<HypervisorState, 'networks' | 'pools'>> {
  const [networks, pools] = await Promise.all([
    connection.networks({ signal }),
    connection.pools({ signal }),
  ]);
  const read = await Promise.all([
    Promise.all(networks.map((each) => readNetwork(each, signal))),
    Promise.all(pools.map((each) => readPool(each, signal))),
  ]);
  return { networks: read[0].toSorted(byName), pools: read[1].toSorted(byName) };
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
