import { formatGit } from '../format-git.ts';
import { type GitOptions, runGit } from '../git.ts';
import type { Call, Network } from '../network.ts';

/** Settings of the user that would make git do more than the one step it is told. */
const STEPWISE = ['-c', 'submodule.recurse=false', '-c', 'fetch.recurseSubmodules=false'];

/**
 * And no hook: with a core.hooksPath that is relative they are files of what is checked out, which a stranger may have
 * written.
 */
export const CALM = [...STEPWISE, '-c', 'core.hooksPath=/dev/null'];

/**
 * Everything that changes something goes through here: it is noted as the git command it is, and in a dry run that is
 * all. So what `--dry-run` prints is what would be run.
 */
export class Changes {
  readonly network: Network;
  readonly isDryRun: boolean;
  readonly commands: string[] = [];

  constructor(network: Network, isDryRun = false) {
    this.network = network;
    this.isDryRun = isDryRun;
  }

  get signal(): AbortSignal | undefined {
    return this.network.signal;
  }

  /**
   * One git on this computer. It is not cut off by Ctrl-C: a checkout that was, leaves half of its files, which look like
   * somebody's changes then. What comes after it does not begin.
   *
   * @throws what runGit throws
   */
  async git(args: readonly string[], options: Omit<GitOptions, 'signal'>): Promise<void> {
    this.commands.push(formatGit(args, options.cwd));
    if (this.isDryRun) return;
    this.signal?.throwIfAborted();
    const env = { ...LAZY, ...options.env };
    // Hours of a checkout of a large tree on a slow disk are no failure.
    await runGit([...CALM, ...args], { timeoutMs: LONG_MS, ...options, env });
  }

  /** One git that opens a connection. @throws what runGit throws */
  async remote(args: readonly string[], call: Call): Promise<void> {
    this.commands.push(formatGit(args, call.cwd));
    if (this.isDryRun) return;
    // A push has the hooks of who pushes, such as that of git-lfs, which sends the files.
    const settings = args[0] === 'push' ? STEPWISE : CALM;
    await this.network.git([...settings, ...args], { timeoutMs: LONG_MS, ...call });
  }

  /** A change without a process, as the command that does the same; one that no git command does is given as a text. */
  async own(
    command: readonly string[] | string,
    cwd: string,
    change: () => Promise<void>,
  ): Promise<void> {
    this.commands.push(typeof command === 'string' ? command : formatGit(command, cwd));
    if (!this.isDryRun) await change();
  }
}

const LONG_MS = 6 * 3_600_000;
/** A partial clone fetches the files of a commit when it checks them out. */
const LAZY = { GIT_NO_LAZY_FETCH: '0' };
