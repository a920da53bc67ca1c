// Entities in words, as they speak of themselves.
import type { DomainInfo } from '@skerry/libvirt';
import { addressesOf, type HypervisorState, type VmState } from './entity.ts';

/** `I'm running on hv1 since 3 hours, with 2 processors and 1 GiB of memory.` */
export function describeVm(vm: VmState, info?: Pick<DomainInfo, 'cpuTimeNs'>): string {
  const since =
    vm.runningSince === null ? '' : ` for ${formatSpan((Date.now() - vm.runningSince) / 1000)}`;
  const used =
    info && vm.state === 'running'
      ? ` I have used ${formatSpan(Number(info.cpuTimeNs / 1_000_000n) / 1000)} of processor time.`
      : '';
  const size = `${count(vm.vcpus, 'processor')} and ${formatMiB(vm.memoryMiB)} of memory`;
  const addresses = addressesOf(vm).join(', ');
  const reached = addresses && ` My address is ${addresses}.`;
  return `I'm ${STATE_WORDS[vm.state]} on ${vm.hypervisor}${since}, with ${size}.${reached}${used}`;
}

/** `I'm hv1: 8 processors, 31 GiB of memory. 3 machines are on me, 2 of them run.` */
export function describeHypervisor(host: HypervisorState, vms: readonly VmState[]): string {
  const running = vms.filter(({ state }) => state === 'running').length;
  const lost = host.libvirt === 'lost' ? ' I do not reach libvirt at the moment.' : '';
  const on =
    vms.length === 0
      ? 'No machine is'
      : `${count(vms.length, 'machine')} ${vms.length === 1 ? 'is' : 'are'}`;
  const runs = vms.length === 0 ? '' : `, ${running} of them ${running === 1 ? 'runs' : 'run'}`;
  return `I'm ${host.name}: ${count(host.cpus, 'processor')}, ${formatMiB(host.memoryMiB)} of memory. ${on} on me${runs}.${lost}`;
}

export const STATE_WORDS: Readonly<Record<VmState['state'], string>> = {
  running: 'running',
  paused: 'paused',
  'shutting-down': 'shutting down',
  shutoff: 'off',
  crashed: 'off, since I crashed,',
  sleeping: 'asleep',
  blocked: 'waiting for something',
  unknown: 'in a state I do not know',
};

/** @example formatSpan(7300) // '2 hours' */
export function formatSpan(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const;
  for (const [size, name] of units)
    if (seconds >= size) return count(Math.floor(seconds / size), name);
  return count(Math.max(0, Math.floor(seconds)), 'second');
}

/** @example formatMiB(1536) // '1.5 GiB' */
export function formatMiB(mib: number): string {
  if (mib < 1024) return `${mib} MiB`;
  return `${Number((mib / 1024).toFixed(1))} GiB`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
