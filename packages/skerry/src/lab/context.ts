import type { Connection } from '@skerry/libvirt';
import type { Image } from '../image/store.ts';
import type { Template } from '../template/store.ts';
import type { LabPaths } from '../util/paths.ts';
import type { Progress } from './progress.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';

/** What every step on a running lab needs. */
export interface LabContext {
  readonly lab: LabSpec;
  readonly paths: LabPaths;
  readonly connection: Connection;
  readonly accel: 'kvm' | 'tcg';
  readonly uplink: string;
  readonly progress: Progress;
  readonly imageOf: (machine: MachineSpec) => Image;
  /** Settles when the lab's network is as it shall be; templates are looked for meanwhile. */
  readonly networkUp: Promise<void>;
  /** What a new machine is thawed from; undefined where it has to boot. */
  readonly templateOf: (machine: MachineSpec) => Promise<Template | undefined>;
  readonly signal: AbortSignal;
}
