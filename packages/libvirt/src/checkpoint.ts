import { isNotFound } from './errors.ts';
import { toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';
import type { DeleteSnapshotOptions } from './snapshot.ts';

/** Which checkpoints to list; nothing set means all. */
export interface ListCheckpointsOptions extends CallOptions {
  readonly roots?: boolean;
  readonly leaves?: boolean;
  readonly inner?: boolean;
  /** Parents before children. */
  readonly topological?: boolean;
}

export interface CheckpointXmlOptions extends CallOptions {
  readonly secure?: boolean;
  /** Leave the domain's XML out. */
  readonly noDomain?: boolean;
  /** Say how much has changed since. */
  readonly size?: boolean;
}

/** For {@link Domain.checkpoints}. */
export const listCheckpointBits = { roots: 1, topological: 2, leaves: 4, inner: 8 } as const;
const xmlBits = { secure: 1, noDomain: 2, size: 4 };
const deleteBits = { children: 1, metadataOnly: 2, childrenOnly: 4 };
const DESCENDANTS = 1;

/** A point in time since which a domain's changed blocks are noted, for incremental backups. */
export class DomainCheckpoint {
  /** Its name (virDomainCheckpointGetName). */
  readonly name: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'checkpoint'>;
  readonly #session: Session;

  /** Use {@link Domain.checkpoint} and its kin. */
  constructor(session: Session, ref: Struct<'checkpoint'>) {
    this.#session = session;
    this.ref = ref;
    this.name = ref.name;
  }

  /** Its XML (virDomainCheckpointGetXMLDesc). */
  async xml(options: CheckpointXmlOptions = {}): Promise<string> {
    const args = { checkpoint: this.ref, flags: toFlags(xmlBits, options) };
    return (await this.#session.call('DOMAIN_CHECKPOINT_GET_XML_DESC', args, options)).xml;
  }

  /** Deletes it; its changes go to its parent (virDomainCheckpointDelete). */
  async delete(options: DeleteSnapshotOptions = {}): Promise<void> {
    const args = { checkpoint: this.ref, flags: toFlags(deleteBits, options) };
    await this.#session.call('DOMAIN_CHECKPOINT_DELETE', args, options);
  }

  /** The one before it, or null (virDomainCheckpointGetParent). */
  async parent(options?: CallOptions): Promise<DomainCheckpoint | null> {
    const args = { checkpoint: this.ref };
    try {
      const { parent } = await this.#session.call('DOMAIN_CHECKPOINT_GET_PARENT', args, options);
      return new DomainCheckpoint(this.#session, parent);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /** Those after it (virDomainCheckpointListAllChildren). */
  async children(
    options: CallOptions & { readonly descendants?: boolean } = {},
  ): Promise<DomainCheckpoint[]> {
    const flags = options.descendants ? DESCENDANTS : 0;
    const args = { checkpoint: this.ref, needResults: 1, flags };
    const answer = await this.#session.call('DOMAIN_CHECKPOINT_LIST_ALL_CHILDREN', args, options);
    return answer.checkpoints.map((ref) => new DomainCheckpoint(this.#session, ref));
  }
}
