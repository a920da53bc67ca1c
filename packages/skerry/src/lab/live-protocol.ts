// What commands and the process that keeps a lab's trees equal (live-sync.ts) say to each other on sync.sock: one JSON
// text a line, requests one way, answers the other.
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { toText } from '../sync/paths.ts';
import type { Sending } from '../sync/tally.ts';
import type { TreeEvent } from './tree-sync.ts';

export type LiveRequest =
  /** Answered by LiveStatus. */
  | { readonly ask: 'status' }
  /** The same, once the machines that are there have all that is there now; what somebody changed in them is sent again. */
  | { readonly ask: 'flush' }
  /** The same for one machine, which is waited for. */
  | { readonly ask: 'ready'; readonly machine: string }
  /** Answered by a LiveEvent for each change, until one side goes. */
  | { readonly ask: 'watch' }
  /** Answered by LiveStatus; the process then ends. */
  | { readonly ask: 'stop' };

export interface LiveStatus {
  readonly pid: number;
  /** It is `hack`, and not the process in the background. */
  readonly isHack?: boolean;
  /** What it looks after: when the lab file has others now, it is started anew. */
  readonly trees: readonly TreeSpec[];
  readonly machines: readonly TreeState[];
  /** The same for the trees that are shared or pulled. */
  readonly others: readonly TreeState[];
}

/** Which tree, in one machine. */
export interface TreePlace {
  readonly mode: TreeSpec['mode'];
  readonly from: string;
  readonly to: string;
  readonly machine: string;
}

/** A tree in one machine. */
export interface TreeState extends TreePlace {
  /** Whether changes go there as they are made. */
  readonly connected: boolean;
  /** Why not, where it is known. */
  readonly reason: string;
  /** What is wrong with the folder that it comes from: the other side keeps what it has. */
  readonly problem?: string;
  /** How many paths could not be written. */
  readonly refused: number;
  /** Some of them. */
  readonly refusals?: readonly { readonly path: string; readonly reason: string }[];
  /** What is on its way. */
  readonly sending?: Sending;
  /** Paths that `hack` holds back: they are not there as they are here. */
  readonly held?: readonly string[];
}

/** A change as it is shown: TreeEvent with paths as texts. */
export interface LiveEvent extends TreePlace {
  /** `rolled-back`: `changes` are undone there. */
  readonly kind: 'pushed' | 'pulled' | 'lost' | 'rolled-back';
  /** Milliseconds from the first look to the machine's answer. */
  readonly durationMs?: number;
  readonly changes?: readonly { readonly kind: string; readonly path: string }[];
  readonly bytes?: number;
  readonly refused?: readonly { readonly path: string; readonly reason: string }[];
  readonly reason?: string;
}

/** So many paths are named of one change. */
const SHOWN = 100;

export function liveEventOf(event: TreeEvent): LiveEvent {
  const { tree, machine, kind } = event;
  const { mode, from, to } = tree;
  const common = { mode, from, to, machine };
  if (kind === 'lost') return { ...common, kind, reason: event.reason };
  return {
    ...common,
    kind,
    durationMs: Math.round(event.durationMs),
    changes: event.steps.slice(0, SHOWN).map((step) => ({
      kind: step.kind,
      path:
        step.kind === 'rename' ? `${toText(step.path)} -> ${toText(step.to)}` : toText(step.path),
    })),
    bytes: event.bytes,
    refused: event.refused.map(({ path, reason }) => ({ path: toText(path), reason })),
  };
}
