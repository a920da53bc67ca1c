import { z } from 'zod';

/** One thing that was looked at. `problem` keeps something from working, `note` is worth knowing. */
export const check = z.object({
  /** `bus`, or `hv1: libvirt`. */
  name: z.string(),
  state: z.enum(['ok', 'note', 'problem']),
  /** What was found, as a sentence's part. */
  found: z.string(),
  /** What to do, where there is something. */
  remedy: z.string().optional(),
});
export type Check = z.infer<typeof check>;

/** What an agent says of its host when it is asked for checks. */
export const agentChecks = z.object({
  checks: z.array(check),
  /** Its clock, in milliseconds since 1970. */
  now: z.number(),
});
