// Entities for the unit tests.
import type { HypervisorState, LiveMessage, VerbInfo, VmState } from '../api/types.ts';

export function vm(name: string, more: Partial<VmState> = {}): VmState {
  const uuid = more.uuid ?? `00000000-0000-4000-8000-${name.length.toString().padStart(12, '0')}`;
  return {
    kind: 'vm',
    id: `vm:${uuid}`,
    uuid,
    name,
    hypervisor: 'hv1',
    state: 'shutoff',
    reason: '',
    managed: true,
    persistent: true,
    autostart: false,
    memoryMiB: 1024,
    maxMemoryMiB: 1024,
    vcpus: 1,
    maxVcpus: 1,
    title: '',
    description: '',
    tags: [],
    cpu: null,
    machine: null,
    disks: [],
    nics: [],
    hostDevices: [],
    graphics: [],
    hasConsole: false,
    snapshots: [],
    task: null,
    lastChange: null,
    runningSince: null,
    ...more,
  };
}

export function hypervisor(name: string, more: Partial<HypervisorState> = {}): HypervisorState {
  return {
    kind: 'hypervisor',
    id: `hypervisor:${name}`,
    name,
    libvirt: 'connected',
    libvirtVersion: '9.0.0',
    driver: 'Test',
    cpuModel: 'EPYC',
    cpus: 8,
    memoryMiB: 16_384,
    migrationUri: null,
    sharedStorage: false,
    agentVersion: '0.1.0',
    agentStartedAt: 0,
    drained: false,
    tags: [],
    networks: [],
    pools: [],
    task: null,
    lastChange: null,
    ...more,
  };
}

export function verb(name: string, more: Partial<VerbInfo> = {}): VerbInfo {
  return {
    name,
    entity: 'vm',
    command: name,
    title: name,
    summary: name,
    params: {},
    permission: name,
    danger: 'changes',
    runs: 'agent',
    chat: [],
    ...more,
  };
}

type Hello = Extract<LiveMessage, { type: 'hello' }>;

export function hello(entities: Hello['entities'], more: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    user: 'ann',
    entities,
    permissionSets: [['all'], ['info']],
    lamps: [],
    parked: [],
    stand: ALONE,
    ...more,
  };
}

const ALONE: Hello['stand'] = {
  name: 'central',
  role: 'alone',
  term: 0,
  since: 0,
  active: 'central',
  other: null,
  problem: '',
};
