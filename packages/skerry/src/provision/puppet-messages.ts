/** An error that puppet printed. */
export interface PuppetError {
  readonly message: string;
  /** In the machine. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

const PLACES = [
  /\(file: (?<file>[^\n]+?), line: (?<line>\d+)(?:, column: (?<column>\d+))?\)/,
  /\(line: (?<line>\d+)(?:, column: (?<column>\d+))?\)/,
  /\bat (?<file>\/[^\s:]+):(?<line>\d+)(?::(?<column>\d+))?/,
];

/** Reads a line such as `Error: Could not parse ... (file: /x.pp, line: 3, column: 5) on node one`. Pure. */
export function parseError(line: string): PuppetError | undefined {
  const text = /^(?:Error|Critical|Alert|Emergency): (.*)/s.exec(line)?.[1];
  if (text === undefined) return undefined;
  for (const pattern of PLACES) {
    const found = pattern.exec(text);
    if (!found?.groups) continue;
    const { file, line: number, column } = found.groups;
    return {
      message: text
        .replace(found[0], '')
        .replace(/ on node \S+$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
      ...(file !== undefined && { file }),
      line: Number(number),
      ...(column !== undefined && { column: Number(column) }),
    };
  }
  return { message: text.trim() };
}

/** `puppet apply --detailed-exitcodes`: 2 says that something changed. */
export function isSuccess(exitCode: number | undefined): boolean {
  return exitCode === 0 || exitCode === 2;
}

const EXIT_MEANING: Readonly<Record<number, string>> = {
  1: 'it could not run',
  4: 'resources failed',
  6: 'resources failed, others changed',
};

/** What an exit code of it means, for people. Pure. */
export function exitMeaning(exitCode: number): string {
  return `${EXIT_MEANING[exitCode] ?? 'it failed'} (exit code ${exitCode})`;
}
