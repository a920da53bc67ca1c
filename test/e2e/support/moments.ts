// Moments to interrupt something at, spread over its run: the same ones in each `npm test`, other ones in each campaign,
// which prints its seed. SKERRY_SEED repeats them.

/** How many moments: 2 in `npm test`, 20 in the campaign. */
export const MOMENTS: number = process.env.SKERRY_CAMPAIGN ? 20 : 2;
const SEED = Number(process.env.SKERRY_SEED ?? 2014);

/** `count` points of 0..1, one in each of as many equal parts. */
export function moments(count: number = MOMENTS, seed: number = SEED): number[] {
  const random = mulberry(seed);
  return Array.from({ length: count }, (_, at) => (at + random()) / count);
}

/** Mulberry32, a small seeded generator. */
function mulberry(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
