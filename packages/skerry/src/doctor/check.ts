import type { LabSpec } from '../lab-file/spec.ts';
import type { HostProblem } from '../sandbox/host-problem.ts';
import type { HostUser } from '../sandbox/host-user.ts';

export type Level = 'ok' | 'warning' | 'error';

/** What a check found. An error means that `up` cannot work; a warning, that something works less well. */
export interface Finding {
  readonly level: Level;
  /** One sentence without a full stop. */
  readonly finding: string;
  /** Lines to paste into a shell, in order; those that begin with `#` explain. None when all is well. */
  readonly remedy?: readonly string[];
}

/** What checks are about. */
export interface Patient {
  readonly user: HostUser;
  /** The lab, when there is a lab file and it can be read. */
  readonly lab: LabSpec | undefined;
  /** What is wrong with the lab file. */
  readonly labError: Error | undefined;
  readonly signal: AbortSignal;
}

export interface Check {
  /** Stable; a heading of docs/how-to/doctor.md. */
  readonly id: string;
  readonly title: string;
  readonly run: (patient: Patient) => Promise<Finding>;
}

/** A finding that needs no remedy. */
export function ok(finding: string): Finding {
  return { level: 'ok', finding };
}

/** A problem that stops sandboxes, as a finding. */
export function asFinding({ finding, remedy }: HostProblem): Finding {
  return { level: 'error', finding, remedy };
}
