// What goes over the bus, whichever it is. All of it is JSON that is checked where it arrives: whoever is on the bus may
// send anything.
import { z } from 'zod';
import { entityState } from '../entity.ts';

/** Who asks for something and which way it came. */
export const actor = z.object({
  user: z.string().min(1).max(200),
  via: z.enum(['web', 'rest', 'cli', 'chat', 'schedule', 'system']),
});
export type Actor = z.infer<typeof actor>;

/** The term of the central that asks: absent where there is one central only. */
const term = z.number().int().nonnegative().optional();

/** A verb for an entity of the agent that gets it. */
export const verbRequest = z.object({
  type: z.literal('verb'),
  /** Names the task; asking for the same again while it is under way does nothing twice. */
  id: z.string().min(1).max(100),
  verb: z.string().max(50),
  entity: z.string().max(300),
  params: z.unknown(),
  by: actor,
  term,
});
export type VerbRequest = z.infer<typeof verbRequest>;

/** Words to an entity, from somebody who chats with it. */
export const chatRequest = z.object({
  type: z.literal('chat'),
  entity: z.string().max(300),
  text: z.string().max(10_000),
  by: actor,
  term,
});

/** Everything an agent may be asked. */
export const agentRequest = z.discriminatedUnion('type', [
  verbRequest,
  chatRequest,
  /** Whether it is there. */
  z.object({ type: z.literal('ping') }),
  /** How its host is, for the doctor. */
  z.object({
    type: z.literal('check'),
    /** The others, and how they say that their libvirt is reached. */
    peers: z.array(z.object({ name: z.string(), uri: z.string() })).default([]),
  }),
  /** Its full state, at once. */
  z.object({ type: z.literal('sync') }),
  /** Who may do what, from now on. */
  z.object({ type: z.literal('policy'), policy: z.unknown(), term }),
  /** I am active, in this term; these know all that I know, and these are all the centrals there are. */
  z.object({
    type: z.literal('lead'),
    term: z.number().int().positive(),
    heirs: z.array(z.string()),
    centrals: z.array(z.string()),
  }),
  /** May I be active? `dry` only asks. */
  z.object({
    type: z.literal('vote'),
    term: z.number().int().nonnegative(),
    dry: z.boolean(),
  }),
  /** Be on the bus of another central too. */
  z.object({ type: z.literal('join'), membership: z.unknown(), term }),
  /** Who did what since a moment: what central has missed. */
  z.object({ type: z.literal('audit'), since: z.number() }),
]);

/** What central may be asked by an agent. */
export const centralRequest = z.discriminatedUnion('type', [
  /** How an entity of its own logs in to the XMPP server. */
  z.object({ type: z.literal('chat-password'), entity: z.string().max(300) }),
  /** What somebody who chats asked an entity of its own for, and central has to look at. Answered like a verb. */
  z.object({
    type: z.literal('verb'),
    entity: z.string().max(300),
    verb: z.string().max(100),
    params: z.record(z.string(), z.unknown()),
    user: z.string().max(100),
  }),
]);
/** What central answers to that. */
export const chatPassword = z.object({ password: z.string() });

/** Why something was not done, for the person who asked for it. */
export const verbError = z.object({
  /** `denied`, `not-found`, `invalid`, `conflict`, `libvirt`, `unreachable`, `timeout`, `failed`. */
  code: z.enum([
    'denied',
    'not-found',
    'invalid',
    'conflict',
    'libvirt',
    'unreachable',
    'timeout',
    'failed',
  ]),
  message: z.string(),
  hint: z.string().optional(),
  /** libvirt's own number (virErrorNumber), where it was libvirt that refused. */
  libvirt: z.number().optional(),
  /** The permission that is missing. */
  permission: z.string().optional(),
  /** What is wrong with the parameters: the field's path and the reason. */
  fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type VerbErrorData = z.infer<typeof verbError>;

export const verbReply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: verbError }),
]);
export type VerbReply = z.infer<typeof verbReply>;

/** The state of an agent's entities at one moment. */
export const stateSnapshot = z.object({
  /** A new one each time the agent starts. */
  epoch: z.string(),
  seq: z.number().int().nonnegative(),
  entities: z.array(entityState),
});
export type StateSnapshot = z.infer<typeof stateSnapshot>;

/** One line of who did what. */
export const auditEntry = z.object({
  /** The request's. */
  id: z.string(),
  at: z.number(),
  entity: z.string(),
  /** Its name at that time. */
  name: z.string(),
  hypervisor: z.string(),
  verb: z.string(),
  by: actor,
  outcome: z.enum(['done', 'denied', 'failed']),
  message: z.string(),
  /** Parameters, without what is secret. */
  params: z.unknown(),
  durationMs: z.number(),
  /** The uuid of the machine that was made by it. */
  made: z.string().optional(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
/** What is known of it while it is being done. */
export const begunEntry = auditEntry.omit({
  ...{ outcome: true, message: true, durationMs: true, made: true },
});
export type BegunEntry = z.infer<typeof begunEntry>;

/** Use of a machine or a hypervisor over the last second. */
export const usage = z.object({
  id: z.string(),
  /** Processors in use: 1 is one of them, fully. */
  cpu: z.number(),
  memoryMiB: z.number(),
  diskReadBps: z.number(),
  diskWriteBps: z.number(),
  netRxBps: z.number(),
  netTxBps: z.number(),
});
export type Usage = z.infer<typeof usage>;

/** Everything an agent publishes. State and audit are numbered, each with the next number; the others may be lost. */
export const publication = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    epoch: z.string(),
    seq: z.number().int().positive(),
    changed: z.array(entityState),
    removed: z.array(z.string()),
  }),
  /** I am here, and this is the number of the last change: whoever has another one has missed something. */
  z.object({ type: z.literal('alive'), epoch: z.string(), seq: z.number().int().nonnegative() }),
  z.object({ type: z.literal('usage'), at: z.number(), entities: z.array(usage) }),
  z.object({ type: z.literal('audit'), entry: auditEntry }),
  /** What an entity says to all who are interested: Archipel's shout. */
  z.object({ type: z.literal('shout'), entity: z.string(), text: z.string(), at: z.number() }),
]);
export type Publication = z.infer<typeof publication>;
