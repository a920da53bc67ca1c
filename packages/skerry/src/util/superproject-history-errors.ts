import type { ErrorRow } from './error-row.ts';
import { SP_EXIT } from './superproject-exit.ts';

/** The rows about the history of superprojects: changelog, bisect, escrow, mirror; part of the table in error-table.ts. */
export const SUPERPROJECT_HISTORY_ERRORS = {
  SP_RANGE: {
    message: "'{text}' is not a range of two refs",
    hint: 'such as: 3.11.1..3.11.2',
    exitCode: SP_EXIT.usage,
  },
} as const satisfies Record<string, ErrorRow>;
