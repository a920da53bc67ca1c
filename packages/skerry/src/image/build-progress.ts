/** Where a build is. `fraction` is of the whole build and never falls. */
export interface BuildProgress {
  readonly step: 'wait' | 'packages' | 'install' | 'kernel' | 'disk' | 'store';
  readonly fraction: number;
  readonly message: string;
}

/** A step's share of the build's time, as measured. */
const START = {
  wait: 0,
  packages: 0,
  install: 0.4,
  kernel: 0.85,
  disk: 0.9,
  store: 0.97,
} as const;
const INSTALL_SHARE = START.kernel - START.install;

/** Turns mmdebstrap's lines (with --verbose) and our script's `skerry: STEP` lines into coarse progress. */
export class BuildProgressReader {
  #fraction = 0;
  #handled = 0;
  readonly #lines: number;

  /** `packageCount` is an estimate of how many packages will be set up. */
  constructor(packageCount: number) {
    this.#lines = packageCount * 2;
  }

  /** The progress a line of output means, or undefined when it means none. */
  read(line: string): BuildProgress | undefined {
    if (line.startsWith('I: running apt-get update'))
      return this.#at('packages', 'reading the package lists');
    if (line.startsWith('I: downloading packages'))
      return this.#at('packages', 'fetching packages');
    if (line.startsWith('skerry: kernel')) return this.#at('kernel', 'fetching the kernel');
    if (line.startsWith('skerry: disk')) return this.#at('disk', 'making the disk');
    if (line.startsWith('skerry: store')) return this.#at('store', 'storing the image');
    const [, verb, name] = /^(Unpacking|Setting up) (\S+)/.exec(line) ?? [];
    if (!verb || !name) return undefined;
    this.#handled += 1;
    const done = Math.min(1, this.#handled / this.#lines) * INSTALL_SHARE;
    const short = name.replace(/:.*/, '');
    return this.#at(
      'install',
      `${verb === 'Unpacking' ? 'unpacking' : 'setting up'} ${short}`,
      done,
    );
  }

  #at(step: BuildProgress['step'], message: string, done = 0): BuildProgress {
    this.#fraction = Math.max(this.#fraction, START[step] + done);
    return { step, fraction: this.#fraction, message };
  }
}
