import { type ErrorRow, EXIT } from './error-row.ts';

/** The rows about daemons; part of the table in error-table.ts. */
export const DAEMON_ERRORS = {
  DAEMONS_NONE: {
    message: "the lab '{lab}' has no daemons",
    hint: "add one to the lab file: daemons: { web: { command: 'python3 -m http.server' } }",
    exitCode: EXIT.notFound,
  },
  DAEMON_UNKNOWN: {
    message: "the lab '{lab}' has no daemon '{name}'",
    hint: '{advice}',
    exitCode: EXIT.notFound,
  },
  DAEMON_ELSEWHERE: {
    message: 'none of {daemons} is meant to run on {machines}',
    hint: 'see which runs where: skerry daemons status',
    exitCode: EXIT.notFound,
  },
  DAEMON_ENDED: {
    message: '{daemon} on {machine} {reason}{log}',
    hint: 'read on with: skerry daemons logs {daemon} --on {machine}',
    exitCode: EXIT.failure,
  },
  DAEMON_NOT_READY: {
    message:
      '{daemon} on {machine} runs but is not ready within {seconds} s: {probe}: {reason}{log}',
    hint: 'read on with: skerry daemons logs {daemon} --on {machine}; give it more time with ready: { timeout }',
    exitCode: EXIT.timeout,
  },
  DAEMON_KEPT_NOT_READY: {
    message:
      '{daemon} on {machine} ran already, was left alone, and is not ready within {seconds} s: {probe}: {reason}{log}',
    hint: 'it may be older than its files; to have it run what is there now: skerry daemons restart {daemon} --on {machine}',
    exitCode: EXIT.timeout,
  },
  DAEMON_REFUSED: {
    message: 'systemd refuses {daemon} on {machine}: {reason}',
    hint: 'see: skerry exec --on {machine} -- systemctl status {unit}',
    exitCode: EXIT.failure,
  },
  DAEMON_SKIPPED: {
    message: '{daemon} on {machine} was not started, for it depends on {other}',
    hint: 'mend that one, then: skerry daemons start {daemon}',
    exitCode: EXIT.failure,
  },
} as const satisfies Record<string, ErrorRow>;
