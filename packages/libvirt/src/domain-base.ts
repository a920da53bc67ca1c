import { type Affect, affectBits } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Procedure, ProcedureArgs, ProcedureResult } from './procedures.ts';
import type { CallArgs } from './rpc-client.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';
import type { LibvirtStream } from './stream.ts';
import { type ParamRecord, paramsToRecord, type TypedParam } from './typed-params.ts';

/** The procedures that act on a domain. */
type DomainProcedure = {
  [P in Procedure]: ProcedureArgs<P> extends { domain: Struct<'domain'> } ? P : never;
}[Procedure];
type DomainArgs<P extends DomainProcedure> = Omit<ProcedureArgs<P>, 'domain'>;
/** Those that answer with as many typed parameters as one has room for. */
type ParamsGetter = {
  [P in DomainProcedure]: ProcedureResult<P> extends { params: TypedParam[]; nparams: number }
    ? P
    : never;
}[DomainProcedure];

export interface AffectOptions extends CallOptions {
  /** Default `current`. */
  readonly affect?: Affect;
}

const TYPED_PARAM_STRING_OKAY = 4;

/**
 * What all of a domain's methods need. They are many, so each theme is a class of its own, and
 * `Domain` is the last of the chain.
 */
export abstract class DomainBase {
  /** Its name when this object was made (virDomainGetName). */
  readonly name: string;
  /** What it is known by, also under another name (virDomainGetUUIDString). */
  readonly uuid: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'domain'>;
  readonly #session: Session;

  /** Use {@link Connection.domain} and its kin. */
  constructor(session: Session, ref: Struct<'domain'>) {
    this.#session = session;
    this.ref = ref;
    this.name = ref.name;
    this.uuid = ref.uuid;
  }

  protected get session(): Session {
    return this.#session;
  }

  /** A call about this domain. */
  protected call<P extends DomainProcedure>(
    name: P,
    args: DomainArgs<P>,
    options?: CallOptions,
  ): Promise<ProcedureResult<P>> {
    return this.#session.call(name, this.#withRef(args) as CallArgs<P>, options);
  }

  protected openStream<P extends DomainProcedure>(
    name: P,
    args: DomainArgs<P>,
    kind: 'read' | 'write' | 'both',
    options?: CallOptions,
  ): Promise<{ stream: LibvirtStream; result: ProcedureResult<P> }> {
    return this.#session.openStream(name, this.#withRef(args) as CallArgs<P>, kind, options);
  }

  /** Asks how many typed parameters there are, and then for them. */
  protected async params<P extends ParamsGetter>(
    name: P,
    args: Omit<DomainArgs<P>, 'nparams'> & { flags?: number },
    options?: CallOptions,
  ): Promise<ParamRecord> {
    return paramsToRecord(await this.typedParams(name, args, options));
  }

  /** As {@link params}, each with its type. */
  protected async typedParams<P extends ParamsGetter>(
    name: P,
    args: Omit<DomainArgs<P>, 'nparams'> & { flags?: number },
    options?: CallOptions,
  ): Promise<TypedParam[]> {
    const flags = (args.flags ?? 0) | TYPED_PARAM_STRING_OKAY;
    const ask = async (nparams: number): Promise<{ params: TypedParam[]; nparams: number }> => {
      const answer = await this.call(name, { ...args, flags, nparams } as never, options);
      return answer as unknown as { params: TypedParam[]; nparams: number };
    };
    const { nparams } = await ask(0);
    return nparams === 0 ? [] : (await ask(nparams)).params;
  }

  #withRef(args: object): object {
    return { ...args, domain: this.ref };
  }
}

export function affectFlags({ affect = 'current' }: AffectOptions): number {
  return affectBits[affect];
}
