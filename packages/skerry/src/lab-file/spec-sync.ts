/** The superproject that a lab runs. */
export interface SourceSpec {
  readonly url: string;
  readonly ref: string | undefined;
  /** Absolute. */
  readonly dir: string;
}

/** A folder that is kept equal in machines, shared with them, or brought from one. */
export interface TreeSpec {
  /** Absolute; in the machine for `pull`, else on the host. */
  readonly from: string;
  /** Absolute; on the host for `pull`, else in the machines. */
  readonly to: string;
  readonly mode: 'push' | 'share' | 'pull';
  /** Names of machines; exactly one for `pull`. */
  readonly on: readonly string[];
  /** In the words of .gitignore. */
  readonly exclude: readonly string[];
  /** `user` or `user:group` in the machines. */
  readonly owner: string;
}

export interface ProbeSpec {
  readonly kind: 'exec' | 'tcp' | 'http' | 'unit' | 'file';
  /** The command, port, address, unit or path. */
  readonly value: string;
  readonly timeoutMs: number;
}

export interface DaemonSpec {
  readonly name: string;
  /** Names of machines. */
  readonly on: readonly string[];
  /** Program and arguments; undefined of one that is a unit. */
  readonly command: readonly string[] | undefined;
  readonly unit: string | undefined;
  /** In the machines, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly build: BuildSpec | undefined;
  /** In the words of .gitignore, relative to the lab file; undefined: all files of the trees in its machines. */
  readonly watch: readonly string[] | undefined;
  readonly ready: readonly ProbeSpec[];
  /** Names of daemons. */
  readonly dependsOn: readonly string[];
  /** A shell command. */
  readonly stop: string | undefined;
}

export interface BuildSpec {
  readonly command: string;
  /** The machine it runs in; undefined: the host. */
  readonly on: string | undefined;
  /** Absolute. */
  readonly cwd: string;
}
