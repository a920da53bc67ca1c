import type { GuestChannel } from '../guest/exec.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';

/** The machine a provisioner works on, and what it may ask of the lab. */
export interface ProvisionTarget {
  readonly lab: LabSpec;
  readonly machine: MachineSpec;
  /** A new channel into the machine, for one command. */
  readonly open: () => Promise<GuestChannel>;
  /** Starts the machine anew and waits until it is ready. */
  readonly reboot: () => Promise<void>;
  /** An ssh_config file for the lab (host-side Ansible); written on demand. */
  readonly sshConfig: () => Promise<string>;
  readonly signal: AbortSignal;
  /** Lines as they come, for the progress display. */
  readonly onLine: (line: string) => void;
}

export interface ProvisionOutcome {
  /** How many resources or tasks; undefined: the kind cannot say. */
  readonly changed: number | undefined;
  /** For people, one line: such as '3 resources changed'. */
  readonly summary: string;
  /** Changed resources or tasks: what and where (`puppet/manifests/default.pp:3`), host paths. */
  readonly changes: readonly Change[];
}

export interface Change {
  readonly what: string;
  readonly place?: string;
}
