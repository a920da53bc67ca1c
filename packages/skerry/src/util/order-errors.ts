import { type ErrorRow, EXIT } from './error-row.ts';

/** The rows about the order in which machines become ready, and what runs around it; part of the table in error-table.ts. */
export const ORDER_ERRORS = {
  PROBE_TIMEOUT: {
    message: '{machine} is not ready: {probe} is not after {seconds} s ({reason})',
    hint: 'look inside: skerry ssh {machine}; to wait longer: timeout, in seconds, in its ready',
    exitCode: EXIT.timeout,
  },
  DEPENDENCY_FAILED: {
    message: '{machine} did not get ready: it waits for {root}, which failed',
    hint: 'mend {root}, then: skerry up',
    exitCode: EXIT.failure,
  },
  DEPENDENCY_OFF: {
    message: '{machine} depends on {dependency}, which is not up',
    hint: 'start both: skerry up {dependency} {machine}',
    exitCode: EXIT.conflict,
  },
  PROVISION_FAILED: {
    message: 'provisioner {provisioner} failed on {machine}: {reason}',
    hint: 'put it right, then: skerry provision --only {provisioner} {machines}; look around with: skerry ssh {machine}',
    exitCode: EXIT.failure,
  },
  PROVISIONER_UNKNOWN: {
    message: "the lab '{lab}' has no provisioner '{name}'",
    hint: '{advice}',
    exitCode: EXIT.notFound,
  },
  PROVISIONER_NOT_ON: {
    message: "the provisioner '{name}' is not for {machines}",
    hint: "it is for {on}; change that with 'on' in the lab file",
    exitCode: EXIT.usage,
  },
  TRIGGER_FAILED: {
    message: "the trigger {when} {action} '{run}' failed {where}: {reason}",
    hint: "mend it, or let {action} go on all the same: onError: 'continue'",
    exitCode: EXIT.failure,
  },
} as const satisfies Record<string, ErrorRow>;
