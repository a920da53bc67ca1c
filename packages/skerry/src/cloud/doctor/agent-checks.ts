// What an agent can tell of its own host.
import { access, constants } from 'node:fs/promises';
import type { Connection, StoragePool } from '@skerry/libvirt';
import type { AgentSettings } from '../agent/verbs/handler.ts';
import type { Check } from './check.ts';
import { messageOf } from '../../util/message-of.ts';

const SLOW_MS = 500;
const LITTLE_BYTES = 5 * 1024 ** 3;

/** Looks at libvirt, KVM, storage and networks. Never throws. */
export async function checkHost(
  connection: Connection | undefined,
  settings: AgentSettings,
  signal: AbortSignal,
): Promise<Check[]> {
  if (!connection)
    return [
      {
        name: 'libvirt',
        state: 'problem',
        found: 'the agent does not reach it',
        remedy: 'look whether it runs, and at the log of the agent: systemctl status libvirtd',
      },
    ];
  const found = await Promise.all([
    guard('libvirt', () => checkLibvirt(connection, signal)),
    guard('KVM', checkKvm),
    guard('pool', () => checkPool(connection, settings.pool, 'new disks', signal)),
    ...(settings.imagesPool === settings.pool
      ? []
      : [guard('images', () => checkPool(connection, settings.imagesPool, 'images', signal))]),
    guard('network', () => checkNetworks(connection, signal)),
    guard('migration', async () => checkMigration(settings)),
  ]);
  return found;
}

async function guard(name: string, look: () => Promise<Omit<Check, 'name'>>): Promise<Check> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    const message = messageOf(error);
    return { name, state: 'problem', found: message };
  }
}

async function checkLibvirt(
  connection: Connection,
  signal: AbortSignal,
): Promise<Omit<Check, 'name'>> {
  const began = performance.now();
  const version = await connection.libVersion({ signal });
  const tookMs = Math.round(performance.now() - began);
  if (tookMs <= SLOW_MS) return { state: 'ok', found: `${version}, answers in ${tookMs} ms` };
  return {
    state: 'note',
    found: `${version}, but it took ${tookMs} ms to answer`,
    remedy: 'see what keeps it busy: virsh list --all; ps of the host',
  };
}

async function checkKvm(): Promise<Omit<Check, 'name'>> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
    return { state: 'ok', found: '/dev/kvm can be used' };
  } catch {
    return {
      state: 'note',
      found: '/dev/kvm cannot be used by the agent: machines are emulated, which is slow',
      remedy: 'switch virtualization on in the firmware, load kvm_intel or kvm_amd',
    };
  }
}

async function checkPool(
  connection: Connection,
  name: string,
  what: string,
  signal: AbortSignal,
): Promise<Omit<Check, 'name'>> {
  const pool: StoragePool = await connection.pool(name, { signal });
  if (!(await pool.isActive({ signal })))
    return {
      state: 'problem',
      found: `the pool '${name}' for ${what} is off`,
      remedy: `start it: virsh pool-start ${name}; virsh pool-autostart ${name}`,
    };
  const { availableBytes } = await pool.info({ signal });
  const free = `${Math.round(availableBytes / 1024 ** 3)} GiB free in '${name}' for ${what}`;
  if (availableBytes > LITTLE_BYTES) return { state: 'ok', found: free };
  return {
    state: 'note',
    found: `only ${free}`,
    remedy: 'make room, or delete machines that nobody uses',
  };
}

async function checkNetworks(
  connection: Connection,
  signal: AbortSignal,
): Promise<Omit<Check, 'name'>> {
  const active = await connection.networks({ active: true, signal });
  if (active.length > 0) return { state: 'ok', found: active.map(({ name }) => name).join(', ') };
  return {
    state: 'problem',
    found: 'no network is on: machines have no connection',
    remedy: 'start one: virsh net-start default; virsh net-autostart default',
  };
}

function checkMigration({ migrationUri, sharedStorage }: AgentSettings): Omit<Check, 'name'> {
  if (migrationUri === null)
    return {
      state: 'note',
      found: "no machine can come here: nobody knows this libvirt's address",
      remedy: 'join again with --migration-uri qemu+tls://HOST/system',
    };
  const disks = sharedStorage ? 'disks are shared' : 'disks are copied';
  return { state: 'ok', found: `${migrationUri}; ${disks}` };
}
