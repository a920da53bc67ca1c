import type { Row } from './bench.ts';

/** A row with its numbers worked out. */
export interface Result extends Row {
  readonly skerryMedian: number;
  readonly peerMedian?: number;
  /** The peer's median by ours: 3 means three times better. */
  readonly ratio?: number;
  /** Absent where the row has no goal. */
  readonly isMet?: boolean;
}

export function resultOf(row: Row): Result {
  const skerryMedian = median(row.skerry);
  const peerMedian = row.peer && median(row.peer);
  const ratio = peerMedian === undefined ? undefined : peerMedian / skerryMedian;
  const goals = [
    ...(row.goal === undefined || ratio === undefined ? [] : [ratio >= row.goal]),
    ...(row.atMost === undefined ? [] : [skerryMedian < row.atMost]),
  ];
  return {
    ...row,
    skerryMedian,
    ...(peerMedian !== undefined && { peerMedian }),
    ...(ratio !== undefined && { ratio }),
    ...(goals.length > 0 && { isMet: goals.every(Boolean) }),
  };
}

/** The middle value; of an even count the mean of the two in the middle. NaN of none. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
