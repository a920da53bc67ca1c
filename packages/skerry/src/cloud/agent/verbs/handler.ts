import type { Connection, Domain } from '@skerry/libvirt';
import type { z } from 'zod';
import type { Actor } from '../../bus/messages.ts';
import type { Subject } from '../../permission/decide.ts';
import { type HypervisorState, VCPUS_PER_CPU, type VmState } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import type { Verb } from '../../verbs/verb.ts';
import type { Entities } from '../entities.ts';
import type { UnusedVolumes } from '../unused-volumes.ts';
import type { ReadProcNet } from '../proc-net.ts';
import type { DialTcp } from '../../dial-tcp.ts';

/** Another hypervisor, in central's words. */
export interface OtherHost {
  readonly name: string;
  readonly tags: readonly string[];
}

/** What a handler may use. */
export interface Context {
  readonly connection: Connection;
  readonly entities: Entities;
  readonly volumes: UnusedVolumes;
  readonly hypervisor: HypervisorState;
  /** The request's; names what was made by it. */
  readonly id: string;
  readonly by: Actor;
  readonly signal: AbortSignal;
  readonly settings: AgentSettings;
  /** Says how far it is; `progress` from 0 to 1, or null. */
  readonly progress: (note: string, progress?: number | null) => void;
  /** Reads a machine anew, after a change that libvirt tells by no event. */
  readonly refresh: (uuid: string) => Promise<void>;
  /** Whether who asks may do that with this hypervisor, or another; `all` for one machine on it is not enough. */
  readonly mayOnHost: (permission: string, host?: OtherHost) => boolean;
  /** @throws VerbError `denied` when who asks would get permissions as the machine has these tags, or is there. */
  readonly refuseGain: (as: Partial<Subject>) => void;
}

/**
 * For the step of a change after which libvirt uses what was made for it. Whoever does not wait any more does not break
 * that step off: libvirt would go on with it, and what was made would be taken from under it.
 */
export const WHOLE_STEP: { readonly timeoutMs: number } = { timeoutMs: 60_000 };

/** For taking back what was begun: also when nobody waits any more. */
export const UNDO: { readonly timeoutMs: number } = { timeoutMs: 10_000 };

/** @throws VerbError `conflict` where no new machines are to be */
export function refuseDrained({
  hypervisor: { drained, name },
}: Pick<Context, 'hypervisor'>): void {
  if (drained)
    throw new VerbError('conflict', `${name} is drained: no new machines are made there`, {
      hint: `open it again: skerry hypervisor drain ${name} --no-on`,
    });
}

/**
 * More than the host has can never run.
 * @throws VerbError `conflict`
 */
export function refuseTooLarge(
  { hypervisor: { name, memoryMiB, cpus } }: Pick<Context, 'hypervisor'>,
  wanted: { readonly memoryMiB?: number; readonly vcpus?: number },
): void {
  if ((wanted.memoryMiB ?? 0) > memoryMiB)
    throw new VerbError(
      'conflict',
      `${name} has ${memoryMiB} MiB of memory in all: ${wanted.memoryMiB} MiB are too much`,
    );
  const most = cpus * VCPUS_PER_CPU;
  if ((wanted.vcpus ?? 0) > most)
    throw new VerbError(
      'conflict',
      `${name} has ${cpus} processors: a machine may have ${most} there at most`,
    );
}

/** What the hypervisor's administrator has set. */
export interface AgentSettings {
  /** The storage pool that new disks are made in. */
  readonly pool: string;
  /** Where golden images are: a storage pool too. */
  readonly imagesPool: string;
  /** Disks are on storage that all hypervisors share at the same path, though libvirt may not know it. */
  readonly sharedStorage: boolean;
  /** The URI by which the others' libvirt reaches this one. */
  readonly migrationUri: string | null;
  /** Reaches ports from the hypervisor, and reads its tables of addresses and routes, where the agent is not on it. */
  readonly dialTcp?: DialTcp;
  readonly readProcNet?: ReadProcNet;
  /** The authority by which central's web port is known, in PEM; without one, those of the host. */
  readonly streamCa?: string;
}

export interface VmContext extends Context {
  readonly vm: VmState;
  readonly domain: Domain;
}

export type Handler =
  | {
      readonly verb: Verb;
      readonly kind: 'vm';
      run(context: VmContext, params: never): Promise<unknown>;
    }
  | {
      readonly verb: Verb;
      readonly kind: 'hypervisor';
      run(context: Context, params: never): Promise<unknown>;
    };

/** A machine's verb done by the agent; parameters and result have the types of the verb. */
export function onVm<Params extends z.ZodObject, Result extends z.ZodType>(
  verb: Verb<Params, Result>,
  run: (context: VmContext, params: z.output<Params>) => Promise<z.input<Result>>,
): Handler {
  return { verb: verb as unknown as Verb, kind: 'vm', run };
}

/** The same for a hypervisor. */
export function onHypervisor<Params extends z.ZodObject, Result extends z.ZodType>(
  verb: Verb<Params, Result>,
  run: (context: Context, params: z.output<Params>) => Promise<z.input<Result>>,
): Handler {
  return { verb: verb as unknown as Verb, kind: 'hypervisor', run };
}
