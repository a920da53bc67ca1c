import type { Domain } from './domain.ts';
import type { CallOptions } from './pending-call.ts';
import { type ParamRecord, paramsToRecord, type TypedParam } from './typed-params.ts';

export const allStats: {
  readonly [K in StatsGroup]: number;
} = {
  state: 1,
  'cpu-total': 2,
  balloon: 4,
  vcpu: 8,
  interface: 16,
  block: 32,
  perf: 64,
  iothread: 128,
  memory: 256,
  dirtyrate: 512,
  vm: 1024,
};

/** The groups of figures libvirt has. */
export type StatsGroup =
  | 'state'
  | 'cpu-total'
  | 'balloon'
  | 'vcpu'
  | 'interface'
  | 'block'
  | 'perf'
  | 'iothread'
  | 'memory'
  | 'dirtyrate'
  | 'vm';

export interface StatsOptions extends CallOptions {
  /** Default: all that the driver has. */
  readonly stats?: readonly StatsGroup[];
  /** Default: all domains. */
  readonly domains?: readonly Domain[];
  readonly active?: boolean;
  readonly inactive?: boolean;
  /** Leave out figures that would mean waiting for a busy domain. */
  readonly noWait?: boolean;
  /** Also the images that a disk's image builds on. */
  readonly backing?: boolean;
}

/** A domain's figures by libvirt's names, e.g. `params['cpu.time']`; 64-bit ones are bigint. */
export interface DomainStats {
  readonly domain: Domain;
  readonly params: ParamRecord;
}

export function toDomainStats(domain: Domain, params: readonly TypedParam[]): DomainStats {
  return { domain, params: paramsToRecord(params) };
}
