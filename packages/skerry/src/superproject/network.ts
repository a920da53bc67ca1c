import { dirname } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { type GitOptions, type GitResult, tryGit } from './git.ts';
import { HostLimiter } from './host-limiter.ts';
import { hostOf } from './module-url.ts';
import { remoteConfig } from './remote-config.ts';
import { lendConfig } from './scratch.ts';
import { isScratch } from './scratch-prefix.ts';

export interface NetworkOptions {
  readonly signal?: AbortSignal | undefined;
  /** A checkout whose configuration (url.insteadOf, credential helpers) holds for all remotes; by itself that of the current folder. */
  readonly cwd?: string | undefined;
  /** Added to git's environment there, such as GIT_DIR. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Connections to one host at once, at most; by itself from 8 to 32. */
  readonly jobs?: number | undefined;
  /** Tries of one read that fails for a moment; 4 unless told. */
  readonly tries?: number;
  /** Milliseconds before the second try; 300 unless told. */
  readonly pauseMs?: number;
  /** Milliseconds that one connection may take; by itself from two minutes for a question to hours for a checkout. */
  readonly timeoutMs?: number | undefined;
}

export interface Call extends Omit<GitOptions, 'signal' | 'url'> {
  readonly url: string;
  /** Not tried again when it fails for a moment: the caller has to look first what became of it. */
  readonly isOnce?: boolean;
}

/**
 * The only way to remotes: every git that opens a connection is started here, so that each host gets no more than it
 * takes, what fails for a moment is tried again, and connections are counted (`connections`: docs/benchmarks.md).
 */
export class Network {
  readonly signal: AbortSignal | undefined;
  readonly #limiter: HostLimiter;
  readonly #cwd: string | undefined;
  readonly #env: Readonly<Record<string, string>> | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #lent = new Map<string, Promise<void>>();
  #config: Promise<string> | undefined;
  #connections = 0;

  constructor({ signal, cwd, env, jobs, tries, pauseMs, timeoutMs }: NetworkOptions = {}) {
    this.signal = signal;
    this.#cwd = cwd;
    this.#env = env;
    this.#timeoutMs = timeoutMs;
    this.#limiter = new HostLimiter({
      ...(jobs !== undefined && { most: jobs, first: Math.min(8, jobs) }),
      ...(tries !== undefined && { tries }),
      ...(pauseMs !== undefined && { pauseMs }),
    });
  }

  /** Connections opened so far, those of tries included. */
  get connections(): number {
    return this.#connections;
  }

  /** Runs one git that opens one connection to `url`. @throws what runGit throws */
  async git(args: readonly string[], { isOnce, ...call }: Call): Promise<GitResult> {
    let tried = 0;
    if (call.cwd !== undefined && isScratch(call.cwd)) await this.#lendTo(call.cwd);
    const where = call.cwd === undefined ? { cwd: this.#cwd, env: this.#env } : {};
    const limit = this.#timeoutMs === undefined ? {} : { timeoutMs: this.#timeoutMs };
    try {
      return await this.#limiter.run(
        hostOf(call.url),
        () => {
          this.#connections++;
          tried++;
          return tryGit(args, { ...where, ...call, ...limit, signal: this.signal });
        },
        { isTransient, signal: this.signal, ...(isOnce && { tries: 1 }) },
      );
    } catch (error) {
      throw tried > 1 && isTransient(error) ? withTries(error, tried) : error;
    }
  }

  /** What the checkout says of remotes holds in scratch repositories as well: once for all in a folder. */
  async #lendTo(repository: string): Promise<void> {
    const folder = dirname(repository);
    let lending = this.#lent.get(folder);
    if (!lending) {
      this.#config ??= remoteConfig({
        ...{ cwd: this.#cwd, env: this.#env, signal: this.signal },
        elsewhere: repository,
      });
      lending = this.#config.then((text) => lendConfig(repository, text));
      this.#lent.set(folder, lending);
    }
    await lending;
  }
}

export function isTransient(error: unknown): error is SkerryError {
  return error instanceof SkerryError && error.code === 'SP_TRANSIENT';
}

function withTries(error: SkerryError, tries: number): SkerryError {
  return new SkerryError('SP_TRANSIENT', {
    data: { ...error.data, tries: `${tries} times` },
    cause: error,
  });
}
