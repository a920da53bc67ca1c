// What two centrals say to each other: each is on the other's bus as `central-2`.
import { z } from 'zod';
import { hypervisorName } from '../entity.ts';
import { auditEntry } from '../bus/messages.ts';
import { membership } from '../bus/membership.ts';
import { change, wholeCopy } from './change-log.ts';
import { position } from './standing.ts';

/** How a central stands. */
export const stand = z.object({
  name: z.string(),
  role: z.enum(['active', 'standby']),
  term: z.number().int().nonnegative(),
  active: z.string(),
  since: z.number(),
  /** The form of its database. */
  form: z.string(),
});
export type Stand = z.infer<typeof stand>;

export const peerRequest = z.discriminatedUnion('type', [
  /** I am here. With it comes the other's place on my bus. */
  z.object({ type: z.literal('hello'), stand, url: z.string(), membership }),
  /** What has changed after that? An answer may wait until something has. */
  z.object({
    type: z.literal('pull'),
    position: position.nullable(),
    form: z.string(),
    /** The last row of the history that it has, when it wants a copy. */
    history: z.number().int().nonnegative(),
  }),
  /** What was done while I was active, and you may not know. */
  z.object({ type: z.literal('merge'), entries: z.array(auditEntry) }),
  /** I shall be active from now on: give me what I do not have. */
  z.object({ type: z.literal('yield'), position }),
]);
export type PeerRequest = z.infer<typeof peerRequest>;

/** A hypervisor that is on my bus shall be on yours too: asked of `central-2`, on my bus. */
export const admitRequest = z.object({ type: z.literal('admit'), hypervisor: hypervisorName });

const history = z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()])));

export const pullReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('standby'), stand }),
  z.object({ kind: z.literal('changes'), stand, changes: z.array(change), head: z.number() }),
  /** A part of the history; more is to be asked for. */
  z.object({ kind: z.literal('history'), stand, rows: history, next: z.number() }),
  /** The end of the history, and all the rest. */
  z.object({
    kind: z.literal('copy'),
    stand,
    rows: history,
    copy: wholeCopy,
    /** How far the one that is active now had followed whoever asks, when that was active. */
    had: position.nullable(),
  }),
]);
export type PullReply = z.infer<typeof pullReply>;

export const yieldReply = z.object({ term: z.number(), changes: z.array(change) });
