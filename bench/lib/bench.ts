/** One thing measured, on our side and, where there is one, on the peer's. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly skerry: readonly number[];
  readonly peer?: readonly number[];
  readonly peerName?: string;
  /** How many times better than the peer we mean to be. */
  readonly goal?: number;
  /** What our median must stay below, in `unit`. */
  readonly atMost?: number;
}

/** What the harness gives a bench. */
export interface BenchContext {
  /** How often each pair is measured. */
  readonly runs: number;
  /** May install what is missing. */
  readonly install: boolean;
  /** Measure this commit of Skerry instead of the working tree. */
  readonly commit: string | undefined;
  readonly signal: AbortSignal;
  /** A folder of the bench's own, readable by every user, removed at the end. */
  readonly dir: string;
  /** Undone at the end in reverse order, also after a failure and Ctrl-C. */
  readonly cleanup: AsyncDisposableStack;
  /** Says on stderr how far it is. */
  readonly log: (line: string) => void;
  /** Puts a fact about this run into the report: a version, a setting. */
  readonly fact: (name: string, value: string) => void;
  /** Puts output of a command into the report, below the table. */
  readonly attach: (title: string, text: string) => void;
}

/** What bench/NAME.ts exports as `bench`. */
export interface Bench {
  readonly name: string;
  readonly description: string;
  readonly run: (context: BenchContext) => Promise<readonly Row[]>;
}

/** An error whose message is all a person needs: printed without a stack. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}
