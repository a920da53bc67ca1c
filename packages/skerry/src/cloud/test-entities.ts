// Entities for tests: whole ones, of which a test says what it is about.
import { type HypervisorState, hypervisorId, vmId, type VmState } from './entity.ts';

let count = 0;

export function aVm(change: Partial<VmState> = {}): VmState {
  count += 1;
  const uuid = `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
  return {
    kind: 'vm',
    id: vmId(uuid),
    uuid,
    name: `vm${count}`,
    hypervisor: 'hv1',
    state: 'shutoff',
    reason: 'shutdown',
    managed: true,
    persistent: true,
    autostart: false,
    memoryMiB: 512,
    maxMemoryMiB: 512,
    vcpus: 1,
    maxVcpus: 1,
    title: '',
    description: '',
    tags: [],
    cpu: null,
    machine: 'pc-q35-7.2',
    disks: [],
    nics: [],
    hostDevices: [],
    graphics: ['vnc'],
    hasConsole: true,
    snapshots: [],
    task: null,
    lastChange: null,
    runningSince: null,
    ...change,
  };
}

export function aHypervisor(name: string, change: Partial<HypervisorState> = {}): HypervisorState {
  return {
    kind: 'hypervisor',
    id: hypervisorId(name),
    name,
    libvirt: 'connected',
    libvirtVersion: '9.0.0',
    driver: 'QEMU',
    cpuModel: 'EPYC',
    cpus: 4,
    memoryMiB: 16_384,
    migrationUri: `qemu+tls://${name}/system`,
    sharedStorage: true,
    agentVersion: '0.0.0',
    agentStartedAt: 0,
    drained: false,
    tags: [],
    networks: [
      { name: 'default', uuid: '', active: true, persistent: true, autostart: true, bridge: null },
    ],
    pools: [],
    task: null,
    lastChange: null,
    ...change,
  };
}
