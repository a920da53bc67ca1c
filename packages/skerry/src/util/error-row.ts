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

/** One row of the table of errors. */
export interface ErrorRow {
  /** What failed, with `{placeholders}`. */
  readonly message: string;
  /** The next command to type, or the change to make. */
  readonly hint: string;
  readonly exitCode: number;
}
