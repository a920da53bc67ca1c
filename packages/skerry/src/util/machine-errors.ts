import { type ErrorRow, EXIT } from './error-row.ts';

/** The rows about running machines, their snapshots and forks; part of the table in error-table.ts. */
export const MACHINE_ERRORS = {
  // Machines.
  LIBVIRTD_DOWN: {
    message: 'libvirtd of the lab cannot be reached: {reason}',
    hint: 'read {log}; then end the sandbox with: skerry halt --force, and start again with: skerry up',
    exitCode: EXIT.failure,
  },
  MACHINE_BOOT_TIMEOUT: {
    message: '{machine} did not come up within {seconds} s; last on its console: {console}',
    hint: 'read on with: skerry logs {machine}',
    exitCode: EXIT.timeout,
  },
  MACHINE_STOPPED: {
    message: '{machine} stopped while it was starting ({state}); last on its console: {console}',
    hint: 'read its console with: skerry logs {machine}, then: skerry up {machine}',
    exitCode: EXIT.failure,
  },
  MACHINE_IDENTITY: {
    message: '{machine} runs but could not be given its name, keys and address: {reason}',
    hint: 'try once more with: skerry up {machine}; look inside with: skerry console {machine}',
    exitCode: EXIT.failure,
  },
  MACHINE_SSH_SILENT: {
    message: '{machine} is up, but nobody answers on its ssh port',
    hint: 'look at it with: skerry exec --on {machine} -- systemctl status ssh.socket ssh',
    exitCode: EXIT.timeout,
  },
  MACHINE_FAILED: {
    message: '{machine} could not be started: {reason}',
    hint: 'run it again: skerry up {machine}; if it stays: skerry logs --system {machine}, skerry doctor',
    exitCode: EXIT.failure,
  },
  FROZEN_UNKNOWN: {
    message: 'the saved memory in {file} cannot be taken apart: {reason}',
    hint: 'this QEMU may be newer than this Skerry; machines can still be booted: skerry up --cold',
    exitCode: EXIT.failure,
  },
  FROZEN_DAMAGED: {
    message: '{file} is damaged: {reason}',
    hint: 'of a template: skerry image gc, then skerry up; of a snapshot: skerry snapshot delete it',
    exitCode: EXIT.failure,
  },
  SNAPSHOT_NAME: {
    message: "'{name}' is no name for a snapshot",
    hint: 'use letters, digits, dots, - and _, at most 64, the first a letter or digit; push-1 and the like are of snapshot push',
    exitCode: EXIT.usage,
  },
  SNAPSHOT_EXISTS: {
    message: 'there is a snapshot {name} already',
    hint: 'take another name, or remove it first: skerry snapshot delete {name}',
    exitCode: EXIT.conflict,
  },
  SNAPSHOT_MISSING: {
    message: 'there is no snapshot {name}; there are: {known}',
    hint: 'see: skerry snapshot list',
    exitCode: EXIT.notFound,
  },
  SNAPSHOT_EMPTY: {
    message: 'lab {lab} has no machines to save',
    hint: 'make them first: skerry up',
    exitCode: EXIT.conflict,
  },
  SNAPSHOT_STACK_EMPTY: {
    message: 'no snapshot of lab {lab} was pushed',
    hint: 'push one with: skerry snapshot push; all there are: skerry snapshot list',
    exitCode: EXIT.notFound,
  },
  SNAPSHOT_DAMAGED: {
    message: 'a file of the snapshot is missing or damaged: {file}',
    hint: 'nothing was changed; this snapshot is of no use any more: skerry snapshot delete it',
    exitCode: EXIT.failure,
  },
  SNAPSHOT_HOST: {
    message: 'snapshot {name} was saved under another {changed}: its memory does not fit',
    hint: 'its disks do: skerry snapshot restore {name} --cold, then skerry up',
    exitCode: EXIT.conflict,
  },
  LAB_NOT_FOUND: {
    message: "there is neither a fork nor a folder '{name}'; forks: {known}",
    hint: 'see: skerry fork; skerry global-status',
    exitCode: EXIT.notFound,
  },
  FORK_NAME: {
    message: "'{name}' is no name for a fork",
    hint: 'use small letters, digits and -, at most 32, no - at the ends',
    exitCode: EXIT.usage,
  },
  FORK_EXISTS: {
    message: 'there is a fork {name} already',
    hint: 'take another name, or remove it: skerry destroy --lab {name}',
    exitCode: EXIT.conflict,
  },
  FORK_AMBIGUOUS: {
    message: 'several labs have a fork {name}: {ids}',
    hint: 'give the id, or go to the folder of the lab',
    exitCode: EXIT.usage,
  },
  FORK_OF_FORK: {
    message: '{name} is a fork itself, and forks are made of the lab',
    hint: 'leave --lab out, or save the fork: skerry snapshot save NAME --lab {name}',
    exitCode: EXIT.usage,
  },
  RESTORE_UNFINISHED: {
    message: 'the restore of snapshot {name} was interrupted: some machines are back, others not',
    hint: 'finish it with: skerry up; with its disks only: skerry up --cold',
    exitCode: EXIT.conflict,
  },
  MACHINE_PAUSE: {
    message: '{machine} could not be paused: {reason}',
    hint: 'all machines go on as before; see what it does: skerry logs {machine}',
    exitCode: EXIT.failure,
  },
  MACHINE_FOREIGN: {
    message: 'a domain called {machine} is in the lab, but Skerry did not define it',
    hint: 'give the machine another name, or remove that domain',
    exitCode: EXIT.conflict,
  },
  MACHINE_OFF: {
    message: '{machine} is not running',
    hint: 'start it with: skerry up {machine}',
    exitCode: EXIT.conflict,
  },
  LAB_FILE_EXISTS: {
    message: '{file} is there already',
    hint: 'keep it, or overwrite it with: skerry init --force',
    exitCode: EXIT.conflict,
  },
  LAB_UNKNOWN: {
    message: "there is no lab with the id '{id}'",
    hint: 'see all of them with: skerry global-status',
    exitCode: EXIT.notFound,
  },
  NOT_CONFIRMED: {
    message: 'nothing was destroyed',
    hint: 'answer y, or add --yes',
    exitCode: EXIT.failure,
  },
  LAB_NOT_SUSPENDED: {
    message: 'lab {lab} is not suspended',
    hint: 'start it with: skerry up; see: skerry status',
    exitCode: EXIT.conflict,
  },
  LAB_SUSPENDED: {
    message: 'lab {lab} is suspended',
    hint: 'go on with: skerry resume{of}',
    exitCode: EXIT.conflict,
  },
  LAB_OFF: {
    message: 'lab {lab} is not running',
    hint: 'start it with: skerry up{of}',
    exitCode: EXIT.conflict,
  },
  EXEC_FAILED: {
    message: 'the command did not run on {machine}: {reason}',
    hint: 'see whether it is up: skerry status; what it says: skerry logs {machine}',
    exitCode: EXIT.failure,
  },
  GUEST_SILENT: {
    message: 'the guest helper of {machine} does not answer within {seconds} s',
    hint: 'see what the machine does: skerry console {machine}, skerry logs {machine}',
    exitCode: EXIT.timeout,
  },
  GUEST_ABSENT: {
    message: '{machine} has no guest channel: {reason}',
    hint: 'see whether it is up: skerry status; make it anew: skerry destroy {machine}, skerry up',
    exitCode: EXIT.conflict,
  },
  GUEST_LOST: {
    message: '{machine} went away while a command ran in it',
    hint: 'see whether it is up: skerry status; what it says: skerry logs {machine}',
    exitCode: EXIT.failure,
  },
  GUEST_SCRIPT_TIMEOUT: {
    message: 'a script of skerry did not end inside {machine}',
    hint: 'try again: skerry up; see what the machine does: skerry console {machine}',
    exitCode: EXIT.timeout,
  },
  SHUTDOWN_TIMEOUT: {
    message: '{machine} does not shut down',
    hint: 'switch it off with: skerry halt --force {machine}',
    exitCode: EXIT.timeout,
  },
  NETWORK_FAULTS: {
    message: "the lab's network cannot be given these faults: {reason}",
    hint: 'they need perl and the program ip (Debian: perl-base, iproute2): skerry doctor',
    exitCode: EXIT.failure,
  },
  NETWORK_MOVED: {
    message:
      "the lab's network or domain changed in the lab file, which machines that run cannot follow",
    hint: 'stop and start the lab: skerry reload',
    exitCode: EXIT.conflict,
  },
  PORT_TAKEN: {
    message: 'cannot listen on {address}:{port}, which leads to {machine}:{guest}: {reason}',
    hint: "see who has the port: ss -ltnp 'sport = :{port}'; or choose another one in the lab file",
    exitCode: EXIT.conflict,
  },
} as const satisfies Record<string, ErrorRow>;
