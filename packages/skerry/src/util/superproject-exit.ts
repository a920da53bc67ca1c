/** Exit codes of `skerry superproject`, which CI jobs tell apart (docs/how-to/superproject.md). */
export const SP_EXIT = { failure: 1, usage: 2, refused: 3, transient: 4, partial: 5 } as const;
