/** `cold` is Skerry too, with machines that booted. */
export type Side = 'skerry' | 'vagrant' | 'cold' | 'rsync' | 'git' | 'vcs';

/** Measured values by side and by what was measured. */
export class Samples {
  readonly #values = new Map<string, number[]>();

  add(side: Side, what: string, value: number): void {
    this.#values.set(`${side} ${what}`, [...this.of(side, what), value]);
  }

  of(side: Side, what: string): readonly number[] {
    return this.#values.get(`${side} ${what}`) ?? [];
  }
}
