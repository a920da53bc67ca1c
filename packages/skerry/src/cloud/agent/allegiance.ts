// Which central an agent obeys. Of two, only the one with the highest term it has heard of: so two never act on one
// hypervisor. It is asked for its voice when a standby believes that the active central is gone.

/** Kept on disk: an agent that starts again obeys the same central. */
export interface Kept {
  /** Counts who has been active; 0 while there is one central only. */
  readonly term: number;
  readonly central: string;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Centrals that know all that the active one knows: only they may follow it. */
  readonly heirs: readonly string[];
}

export const NO_ALLEGIANCE: Kept = { term: 0, central: '', since: 0, heirs: [] };

/** A central that was not heard for so long is lost to this agent. */
export const LOST_MS = 8000;

export interface AllegianceOptions {
  readonly kept: Kept;
  /** Whether it is on disk now. */
  readonly save: (kept: Kept) => Promise<boolean>;
  /** Default: {@link LOST_MS}. */
  readonly lostMs?: number | undefined;
}

/** What an agent answers a central that leads, or wants to. */
export interface Answer {
  readonly accepted: boolean;
  readonly term: number;
  readonly central: string;
  /** Why not; empty when it is accepted. */
  readonly because: string;
}

export class Allegiance {
  readonly #save: (kept: Kept) => Promise<boolean>;
  readonly #lostMs: number;
  #kept: Kept;
  /** Nobody is lost to an agent that has just started. */
  #heardAt = performance.now();

  constructor({ kept, save, lostMs = LOST_MS }: AllegianceOptions) {
    this.#kept = kept;
    this.#save = save;
    this.#lostMs = lostMs;
  }

  get term(): number {
    return this.#kept.term;
  }

  /** Who acts here; empty while there is one central only. */
  get central(): string {
    return this.#kept.central;
  }

  /**
   * Why that central may not act here in that term; undefined when it may. At once: what it asks for is done in the order in
   * which it was asked.
   */
  refusal(central: string, term: number): string | undefined {
    if (!obeys(this.#kept, central, term)) return this.#because();
    if (term > this.#kept.term) void this.#follow({ term, central, since: Date.now(), heirs: [] });
    return undefined;
  }

  /** The active central says that it is there. */
  async lead(central: string, term: number, heirs: readonly string[]): Promise<Answer> {
    if (!obeys(this.#kept, central, term)) return this.#answer(this.#because());
    this.#heardAt = performance.now();
    const isSame = term === this.#kept.term && heirs.join(' ') === this.#kept.heirs.join(' ');
    const since = term === this.#kept.term ? this.#kept.since : Date.now();
    if (!isSame) await this.#follow({ term, central, since, heirs });
    return this.#answer('');
  }

  /** A standby asks whether it may become active; `dry` only asks. A voice that is given is not given again. */
  async vote(candidate: string, term: number, dry: boolean): Promise<Answer> {
    const silentMs = performance.now() - this.#heardAt;
    const because = whyNot(this.#kept, { candidate, term, dry, silentMs, lostMs: this.#lostMs });
    if (because !== '' || dry) return this.#answer(because);
    const next = { ...this.#kept, term, central: candidate, since: Date.now() };
    if (await this.#follow(next)) return this.#answer('');
    return this.#answer('it cannot be noted: the disk of the agent is full or broken');
  }

  /** Taken at once, so that nobody else gets the same in between. */
  #follow(kept: Kept): Promise<boolean> {
    this.#kept = kept;
    return this.#save(kept);
  }

  #because(): string {
    const { central, since } = this.#kept;
    return `${central} is active since ${new Date(since).toISOString()}`;
  }

  #answer(because: string): Answer {
    const { term, central } = this.#kept;
    return { accepted: because === '', term, central, because };
  }
}

/** Within one term there is one central; a higher term is a later one. */
function obeys(kept: Kept, central: string, term: number): boolean {
  if (term !== kept.term) return term > kept.term;
  return term === 0 || central === kept.central;
}

interface Candidacy {
  readonly candidate: string;
  readonly term: number;
  readonly dry: boolean;
  readonly silentMs: number;
  readonly lostMs: number;
}

/** Empty when it may. */
function whyNot(kept: Kept, { candidate, term, dry, silentMs, lostMs }: Candidacy): string {
  if (!dry && term <= kept.term) return `${kept.central} has term ${kept.term}`;
  if (silentMs < lostMs)
    return `${kept.central || 'central'} was heard ${(silentMs / 1000).toFixed(1)} s ago`;
  if (!kept.heirs.includes(candidate))
    return `${candidate} may not know all that ${kept.central} knew`;
  return '';
}
