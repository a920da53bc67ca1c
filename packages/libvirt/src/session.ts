import type { CallOptions } from './pending-call.ts';
import type { Procedure, ProcedureResult } from './procedures.ts';
import type { CallArgs } from './rpc-client.ts';
import type { LibvirtStream, StreamOptions } from './stream.ts';

export interface OpenStreamOptions extends CallOptions, Pick<StreamOptions, 'sparse'> {}

/** What the objects (domains, networks, pools, volumes) need of their connection. */
export interface Session {
  call<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    options?: CallOptions,
  ): Promise<ProcedureResult<P>>;
  openStream<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    kind: StreamOptions['kind'],
    options?: OpenStreamOptions,
  ): Promise<{ stream: LibvirtStream; result: ProcedureResult<P> }>;
}
