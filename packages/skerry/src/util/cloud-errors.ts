import { type ErrorRow, EXIT } from './error-row.ts';

/** The rows about the cloud; part of the table in error-table.ts. `{detail}` is in the words of whoever refused. */
export const CLOUD_ERRORS = {
  CLOUD_UNKNOWN: {
    message: 'there is no cloud that these commands could be about',
    hint: 'start one on this machine: skerry cloud dev; or set SKERRY_CLOUD to its address and SKERRY_CLOUD_TOKEN',
    exitCode: EXIT.notFound,
  },
  CLOUD_ACCESS_HALF: {
    message:
      'SKERRY_CLOUD and SKERRY_CLOUD_TOKEN belong together, and {missing} is not set, or is empty',
    hint: 'set both: the address of a central and a token; or neither, for the cloud on this machine',
    exitCode: EXIT.usage,
  },
  CLOUD_NAME: {
    message: "no cloud on this machine is called '{name}'; there are: {names}",
    hint: 'SKERRY_CLOUD is the name of one, or the address of a central with SKERRY_CLOUD_TOKEN',
    exitCode: EXIT.notFound,
  },
  CLOUD_SEVERAL: {
    message: 'several clouds run on this machine: {names}',
    hint: 'say which one: SKERRY_CLOUD={name} skerry vm list',
    exitCode: EXIT.usage,
  },
  CLOUD_DENIED: {
    message: '{detail}',
    hint: '{hint}',
    exitCode: EXIT.failure,
  },
  CLOUD_NOT_FOUND: {
    message: '{detail}',
    hint: 'see what there is: skerry vm list; skerry hypervisor list',
    exitCode: EXIT.notFound,
  },
  CLOUD_INVALID: { message: '{detail}', hint: 'see: {command} --help', exitCode: EXIT.usage },
  CLOUD_CONFLICT: {
    message: '{detail}',
    hint: 'see how it is: skerry vm list; who did what is in the web UI, under Log',
    exitCode: EXIT.conflict,
  },
  CLOUD_UNREACHABLE: {
    message: '{detail}',
    hint: 'start it again: skerry cloud dev; on real hosts: systemctl status skerry-central',
    exitCode: EXIT.failure,
  },
  CLOUD_TIMEOUT: {
    message: '{detail}',
    hint: 'it may still be under way: skerry vm list shows what is being done',
    exitCode: EXIT.timeout,
  },
  CLOUD_RUNS: {
    message: 'a cloud runs from {dir} already',
    hint: 'use it: skerry vm list; or run another beside it: skerry cloud dev --name other --port 0; then SKERRY_CLOUD=other says which one',
    exitCode: EXIT.conflict,
  },
  CENTRAL_PORT: {
    message: 'something listens on {host} port {port} already',
    hint: 'choose another port; skerry cloud dev --port 0 takes any that is free',
    exitCode: EXIT.conflict,
  },
  CENTRAL_EXISTS: {
    message: '{dir} has a central already',
    hint: 'run it: skerry central run --dir {dir}; or choose another folder',
    exitCode: EXIT.conflict,
  },
  CENTRAL_MISSING: {
    message: '{dir} has no central',
    hint: 'make one: skerry central init --name NAME --dir {dir}',
    exitCode: EXIT.notFound,
  },
  CENTRAL_STOPPED: {
    message: 'no central runs in {dir}',
    hint: 'run it: skerry central run --dir {dir}; or with systemd: systemctl start skerry-central',
    exitCode: EXIT.notFound,
  },
  CENTRAL_STANDBY: {
    message: '{name} is a standby: tokens are made where {active} is',
    hint: 'see how both are: skerry central status',
    exitCode: EXIT.conflict,
  },
  CENTRAL_USER: {
    message: "central has no user '{user}'; it has: {known}",
    hint: 'see: skerry central login-link --help',
    exitCode: EXIT.notFound,
  },
  AGENT_MISSING: {
    message: '{dir} has no agent: this host has not joined a cloud',
    hint: 'make a token where central is, skerry central token NAME, and here: skerry agent join TOKEN --dir {dir}',
    exitCode: EXIT.notFound,
  },
  CLOUD_FAILED: {
    message: '{detail}',
    hint: 'what libvirt says of it: skerry vm info NAME, and the log of the hypervisor',
    exitCode: EXIT.failure,
  },
} as const satisfies Record<string, ErrorRow>;
