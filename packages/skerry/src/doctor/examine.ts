import { type LabSpec } from '../lab-file/spec.ts';
import { hostUser } from '../sandbox/host-user.ts';
import type { Check, Finding, Patient } from './check.ts';
import { CHECKS } from './checks.ts';
import { messageOf } from '../util/message-of.ts';

/** A check and what it found. */
export interface Result extends Finding {
  readonly id: string;
  readonly title: string;
}

export interface Diagnosis {
  /** Whether `skerry up` can work. */
  readonly ok: boolean;
  readonly user: string;
  readonly errors: number;
  readonly warnings: number;
  readonly checks: readonly Result[];
}

export interface ExamineOptions {
  readonly lab?: LabSpec | undefined;
  readonly labError?: Error | undefined;
  readonly checks?: readonly Check[];
  readonly deadlineMs?: number;
}

/** Runs all checks at once, each against a deadline: a host that is broken must not stop its doctor. */
export async function examine(options: ExamineOptions = {}): Promise<Diagnosis> {
  const { lab, labError, checks = CHECKS, deadlineMs = 5000 } = options;
  const user = hostUser();
  const results = await Promise.all(
    checks.map((check) => {
      const signal = AbortSignal.timeout(deadlineMs);
      return resultOf(check, { user, lab, labError, signal }, deadlineMs);
    }),
  );
  const count = (level: Finding['level']): number =>
    results.filter((result) => result.level === level).length;
  const [errors, warnings] = [count('error'), count('warning')];
  return { ok: errors === 0, user: user.name, errors, warnings, checks: results };
}

async function resultOf(check: Check, patient: Patient, deadlineMs: number): Promise<Result> {
  const late = new Promise<Finding>((resolve) => {
    patient.signal.addEventListener('abort', () =>
      resolve({ level: 'warning', finding: `no answer within ${deadlineMs / 1000} s` }),
    );
  });
  const failed = (error: unknown): Finding => ({
    level: 'warning',
    finding: `the check itself failed: ${messageOf(error)}`,
  });
  const finding = await Promise.race([check.run(patient).catch(failed), late]);
  return { id: check.id, title: check.title, ...finding };
}
