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
const FETCH_SHARE = START.install - START.packages;

/** apt's; `Need to get 1,204 kB/29.7 MB of archives.` says what it has already, too. */
const NEEDED = /^Need to get ([\d.,]+) ([kMG]?B)[ /]/;
/** Of a package, not of a list: `Get:3 URL bookworm/main amd64 libc6 amd64 2.36-9 [2,759 kB]`. */
const GOT = /^Get:\d+ \S+ \S+ \S+ (\S+) \S+ \S+ \[([\d.,]+) ([kMG]?B)\]/;
const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** Turns mmdebstrap's lines (with --verbose) and our script's `skerry: STEP` lines into coarse progress. */
export class BuildProgressReader {
  #fraction = 0;
  #handled = 0;
  /** Bytes, of the fetch that goes on. */
  #needed = 0;
  #fetched = 0;
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
    const [, needed, unit = ''] = NEEDED.exec(line) ?? [];
    if (needed) [this.#needed, this.#fetched] = [bytesOf(needed, unit), 0];
    const [, got, size, sizeUnit = ''] = GOT.exec(line) ?? [];
    if (got && size && this.#needed > 0) return this.#fetching(got, bytesOf(size, sizeUnit));
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

  #fetching(name: string, bytes: number): BuildProgress {
    this.#fetched = Math.min(this.#needed, this.#fetched + bytes);
    const part = `${(this.#fetched / 1e6).toFixed(0)} of ${(this.#needed / 1e6).toFixed(0)} MB`;
    const done = this.#fetched / this.#needed;
    return this.#at('packages', `fetching ${name}, ${part}`, done * FETCH_SHARE);
  }

  #at(step: BuildProgress['step'], message: string, done = 0): BuildProgress {
    this.#fraction = Math.max(this.#fraction, START[step] + done);
    return { step, fraction: this.#fraction, message };
  }
}

function bytesOf(number: string, unit: string): number {
  return Number(number.replaceAll(',', '')) * (UNITS[unit] ?? 1);
}
