/** A superproject whose components the lab runs: `skerry up` clones it beside the lab file where it is missing. */
export interface SourceConfig {
  /**
   * Where it is cloned from.
   * @example 'git@example.org:product/all.git'
   */
  readonly url: string;
  /**
   * The branch or tag to begin with; without it, the default branch. What is checked out later is yours to say.
   * @example '3.11'
   */
  readonly ref?: string | undefined;
  /**
   * The folder it is in, relative to the lab file.
   * @defaultValue 'source'
   */
  readonly to?: string | undefined;
}

/** A folder that is kept equal in machines, or brought from one. */
export interface TreeConfig {
  /**
   * What is copied: a folder of this host, relative to the lab file. With `mode: 'pull'` an absolute folder of the machine.
   * @example '.'
   */
  readonly from: string;
  /**
   * Where it goes: an absolute folder in the machines. With `mode: 'pull'` a folder of this host, relative to the lab file.
   * @example '/srv/src'
   */
  readonly to: string;
  /** The machines it is in: names or /regular expressions/. Without it, all; a tree that is pulled has exactly one. */
  readonly on?: string | readonly string[] | undefined;
  /**
   * What is left out besides what .gitignore names, in the same words.
   * @example ['build/', '*.log']
   */
  readonly exclude?: readonly string[] | undefined;
  /**
   * `push`: changes here are written in the machines as they are made. `share`: the machines see this host's folder itself.
   * `pull`: changes in the machine are written here.
   * @defaultValue 'push'
   */
  readonly mode?: 'push' | 'share' | 'pull' | undefined;
  /**
   * Who owns the files in the machines: a user, or `user:group`.
   * @defaultValue 'root:root'
   */
  readonly owner?: string | undefined;
}

/** Something that has to be so before others go on. Exactly one of `exec`, `tcp`, `http`, `unit` and `file`. */
export interface ProbeConfig {
  /** A shell command, run in the machine as root: ready when its exit code is 0. */
  readonly exec?: string | undefined;
  /** A TCP port of the machine: ready when something listens there. */
  readonly tcp?: number | undefined;
  /**
   * An address, asked in the machine over IPv4: ready when the answer is 200 to 399.
   * @example 'http://localhost:8080/health'
   */
  readonly http?: string | undefined;
  /** A systemd unit: ready when it is active. */
  readonly unit?: string | undefined;
  /** A path in the machine: ready when it exists. */
  readonly file?: string | undefined;
  /**
   * How many seconds it may take.
   * @defaultValue 120
   */
  readonly timeout?: number | undefined;
}

/** A program of yours in machines, watched over by systemd there. Exactly one of `command` and `unit`. */
export interface DaemonConfig {
  /** The machines it runs in: names or /regular expressions/. Without it, all. */
  readonly on?: string | readonly string[] | undefined;
  /**
   * The program and its arguments; a single text is run by a shell. The image has to have it: `packages: ['python3']`.
   * @example 'python3 server.py --port 8080'
   */
  readonly command?: string | readonly string[] | undefined;
  /** A systemd unit that is in the machines already, such as one that a package brought. */
  readonly unit?: string | undefined;
  /** The folder it runs in. Without it, the place of the first tree in its machines, or `/`. */
  readonly cwd?: string | undefined;
  /** Its environment, besides systemd's. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The user it runs as. */
  readonly user?: string | undefined;
  /** What makes it from its source, once for all machines, before they get it. */
  readonly build?: string | BuildConfig | undefined;
  /**
   * The files it is made of, relative to the lab file, in the words of .gitignore: `skerry hack` restarts it when one of
   * them changes. Without it, all files of the trees in its machines; of a `unit`, none.
   * @example ['src/**']
   */
  readonly watch?: readonly string[] | undefined;
  /** When it counts as ready. Without it, when it runs. */
  readonly ready?: ProbeConfig | readonly ProbeConfig[] | undefined;
  /** Daemons that are ready before this one starts. */
  readonly dependsOn?: readonly string[] | undefined;
  /** A shell command that ends it. Without it, SIGTERM does. */
  readonly stop?: string | undefined;
}

/** How a daemon is built. */
export interface BuildConfig {
  /** A shell command. */
  readonly command: string;
  /** The machine it runs in; without it, this host. What it makes there has to be a tree with `mode: 'pull'`. */
  readonly on?: string | undefined;
  /** The folder it runs in: here relative to the lab file, in a machine absolute. */
  readonly cwd?: string | undefined;
}
