import type { Positions } from './positions.ts';

/** A lab file that was read, and not yet checked. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: unknown;
  /** Finds the places of fields. For scripts this parses the source anew, so it is done only when there is need. */
  positions(): Promise<Positions>;
}
