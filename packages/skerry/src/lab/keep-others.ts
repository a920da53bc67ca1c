// Trees that are pulled or shared, kept by whoever keeps those that are pushed.
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import type { LiveEvent, TreeState } from './live-protocol.ts';
import type { PullTree } from '../sync/pull.ts';
import { PullKeep } from './pull-keep.ts';
import { puller } from './pull-trees.ts';
import { ShareKeep } from './share-keep.ts';
import { guestProgram } from './tree-sync.ts';
import { messageOf } from '../util/message-of.ts';

export interface KeepOptions {
  readonly gatewaySocket: string;
  /** The lab's state folder. */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: LiveEvent) => void;
  /** Something for people. */
  readonly onNote: (text: string) => void;
}

/** One tree in one machine that is looked after. */
export interface KeptTree {
  readonly state: TreeState;
  /** Looks for the machine now. */
  readonly wake: () => void;
  /** Resolves when the machine has it, or has said why not. */
  readonly whenReady: () => Promise<void>;
  /** Takes no more, and resolves when what was taken is done. */
  readonly end?: () => Promise<void>;
}

/** Begins with all that are not pushed, until the signal fires. */
export function keepOthers(trees: readonly TreeSpec[], options: KeepOptions): KeptTree[] {
  const all = trees.flatMap((tree): readonly (PullKeep | ShareKeep)[] => {
    if (tree.mode === 'push') return [];
    if (tree.mode === 'pull') {
      const { gatewaySocket, stateDir: dir, signal, onEvent } = options;
      const connectable = (): PullTree => puller({ gatewaySocket, dir }, tree, signal);
      return [new PullKeep({ tree, signal, onEvent, connectable })];
    }
    return tree.on.map((machine) => {
      const start = guestProgram(options.gatewaySocket, machine);
      return new ShareKeep({ tree, machine, start, ...options });
    });
  });
  for (const one of all)
    one.keep().catch((error: unknown) => {
      options.onNote(messageOf(error));
    });
  return all;
}

/** Resolves when the machine has its shares; those of others are not waited for. */
export async function sharesReady(kept: readonly KeptTree[], machine: string): Promise<void> {
  const here = kept.filter(({ state }) => state.machine === machine);
  await Promise.all(here.map((one) => one.whenReady()));
}

/** Another is about to do the same: what was begun is done first. */
export async function endOthers(kept: readonly KeptTree[]): Promise<void> {
  await Promise.allSettled(kept.flatMap((one) => one.end?.() ?? []));
}
