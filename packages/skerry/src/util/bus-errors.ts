import { type ErrorRow, EXIT } from './error-row.ts';

/** The rows about the bus of the cloud; part of the table in error-table.ts. */
export const BUS_ERRORS = {
  BUS_START: {
    message: 'ejabberd did not start: {reason}',
    hint: 'read {log}; or leave out --bus xmpp: the bus that is built in needs no server',
    exitCode: EXIT.failure,
  },
} as const satisfies Record<string, ErrorRow>;
