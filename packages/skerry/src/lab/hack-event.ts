import type { DaemonResult } from './daemons.ts';
import type { BuildResult } from './hack-build.ts';

/**
 * `started`: daemons run, of machines that came. `sent`: a change is there, and no daemon is made of it. `runs`: daemons run
 * it. `on-its-way`: the same, but large files that no daemon is made of are still sent. `waits`: no machine is there that it is for; it goes to them when they come. `failed`: daemons do not run, or a build failed and
 * nothing was sent. `rolled-back`: all is as it was before. `broken-off`: something newer was saved, which is tried now.
 */
export type HackOutcome =
  | 'started'
  | 'sent'
  | 'on-its-way'
  | 'runs'
  | 'waits'
  | 'failed'
  | 'rolled-back'
  | 'broken-off';

/** What a machine has not as it is here. */
export interface HeldFiles {
  readonly machine: string;
  readonly paths: readonly string[];
}

/** What happens, as it happens. */
export type HackEvent =
  /** A machine has all that is on the host, or is away. */
  | {
      readonly kind: 'machine';
      readonly machine: string;
      readonly isThere: boolean;
      readonly reason: string;
    }
  /** Something was saved: relative to the lab file. */
  | {
      readonly kind: 'change';
      readonly paths: readonly string[];
      /** Those of all of these that are not there any more. */
      readonly removed: readonly string[];
      /** Saved before, not seen to run, and tried with it. */
      readonly again: readonly string[];
      /** Those of `again` that were tried to the end, and did not run. */
      readonly failed: readonly string[];
    }
  | ({ readonly kind: 'build' } & BuildResult)
  | {
      readonly kind: 'push';
      readonly machine: string;
      readonly changes: number;
      readonly bytes: number;
      readonly error?: string;
    }
  /** How much of a large file has gone to a machine; all: it is there. */
  | {
      readonly kind: 'sending';
      readonly machine: string;
      readonly path: string;
      readonly bytes: number;
      readonly of: number;
    }
  /** Those daemons are restarted or started now. */
  | {
      readonly kind: 'restart';
      readonly daemons: readonly string[];
      readonly machines: readonly string[];
    }
  /** What a daemon that takes long is waiting for, and how long yet. */
  | {
      readonly kind: 'wait';
      readonly daemon: string;
      readonly machine: string;
      readonly detail: string;
      readonly leftMs: number;
    }
  | { readonly kind: 'daemon'; readonly result: DaemonResult; readonly isRollBack: boolean }
  | {
      readonly kind: 'end';
      readonly outcome: HackOutcome;
      /** Since it was saved, or since the machines came. */
      readonly durationMs: number;
      /** Machines that are not there, and get it when they come. */
      readonly away: readonly string[];
      /** Of `started`: the machines that came, where others run already. */
      readonly came?: readonly string[];
      /** What did not run, and is here and not in these machines: relative to the lab file. */
      readonly held: readonly HeldFiles[];
    }
  | { readonly kind: 'note'; readonly text: string };
