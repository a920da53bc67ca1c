/** Exit codes of `skerry`, the same for every command. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  timeout: 5,
  interrupted: 130,
} as const;

interface ErrorRow {
  /** What failed, with `{placeholders}`. */
  readonly message: string;
  /** The next command to type, or the change to make. */
  readonly hint: string;
  readonly exitCode: number;
}

/**
 * Every error Skerry can report. docs/reference/errors.md is generated from this table, and a test keeps the two
 * the same. Codes are stable; wording is not.
 */
export const ERRORS = {
  INTERNAL: {
    message: 'internal error: {detail}',
    hint: 'this is a bug in Skerry: run the command again with --debug and report the stack',
    exitCode: EXIT.failure,
  },
  USAGE: { message: '{detail}', hint: 'see: {command} --help', exitCode: EXIT.usage },

  // The lab file.
  LAB_FILE_MISSING: {
    message: 'no lab file in {dir} or any folder above it',
    hint: 'make one with: skerry init',
    exitCode: EXIT.notFound,
  },
  LAB_FILE_AMBIGUOUS: {
    message: 'more than one lab file in {dir}: {files}',
    hint: 'keep one of them',
    exitCode: EXIT.usage,
  },
  LAB_FILE_UNREADABLE: {
    message: 'cannot read {file}: {reason}',
    hint: 'check the path and its permissions',
    exitCode: EXIT.failure,
  },
  LAB_FILE_SYNTAX: { message: '{reason}', hint: 'mend the syntax at that place', exitCode: EXIT.usage },
  LAB_FILE_THROWS: {
    message: 'the lab file threw while it was loaded: {reason}',
    hint: 'run it on its own with: node {file}',
    exitCode: EXIT.usage,
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
