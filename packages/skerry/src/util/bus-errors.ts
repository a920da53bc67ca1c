import { type ErrorRow, EXIT } from './error-row.ts';

/** The rows about the bus of the cloud; part of the table in error-table.ts. */
export const BUS_ERRORS = {
  BUS_MISSING: {
    message: 'the bus xmpp needs ejabberd, which is not installed',
    hint: 'install it (Debian: apt-get install --no-install-recommends ejabberd), or leave out --bus xmpp',
    exitCode: EXIT.failure,
  },
  BUS_START: {
    message: 'ejabberd did not start: {reason}',
    hint: 'read {log}; or leave out --bus xmpp: the bus that is built in needs no server',
    exitCode: EXIT.failure,
  },
} as const satisfies Record<string, ErrorRow>;
