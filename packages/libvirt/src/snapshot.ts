import { isNotFound } from './errors.ts';
import { toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';

/** Which snapshots to list; nothing set in a group means all of it. */
export interface ListSnapshotsOptions extends CallOptions {
  readonly roots?: boolean;
  readonly leaves?: boolean;
  readonly inner?: boolean;
  readonly inactive?: boolean;
  readonly active?: boolean;
  readonly diskOnly?: boolean;
  readonly internal?: boolean;
  readonly external?: boolean;
  /** Parents before children. */
  readonly topological?: boolean;
}

export interface RevertOptions extends CallOptions {
  readonly running?: boolean;
  readonly paused?: boolean;
  /** Also where the machine must be started anew for it. */
  readonly force?: boolean;
  readonly resetNvram?: boolean;
}

export interface DeleteSnapshotOptions extends CallOptions {
  readonly children?: boolean;
  readonly metadataOnly?: boolean;
  readonly childrenOnly?: boolean;
}

/** For {@link Domain.snapshots}. */
export const listSnapshotBits = {
  roots: 1,
  leaves: 4,
  inner: 8,
  inactive: 32,
  active: 64,
  diskOnly: 128,
  internal: 256,
  external: 512,
  topological: 1024,
} as const;
const revertBits = { running: 1, paused: 2, force: 4, resetNvram: 8 };
const deleteBits = { children: 1, metadataOnly: 2, childrenOnly: 4 };
const DESCENDANTS = 1;

/** A domain's snapshot. Its name is its identity. */
export class DomainSnapshot {
  /** Its name (virDomainSnapshotGetName). */
  readonly name: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'snapshot'>;
  readonly #session: Session;

  /** Use {@link Domain.snapshot} and its kin. */
  constructor(session: Session, ref: Struct<'snapshot'>) {
    this.#session = session;
    this.ref = ref;
    this.name = ref.name;
  }

  /** Its XML, with the domain's as it was (virDomainSnapshotGetXMLDesc). */
  async xml(options: CallOptions & { readonly secure?: boolean } = {}): Promise<string> {
    const args = { snapshot: this.ref, flags: options.secure ? 1 : 0 };
    return (await this.#session.call('DOMAIN_SNAPSHOT_GET_XML_DESC', args, options)).xml;
  }

  /** Takes the domain back to it (virDomainRevertToSnapshot). */
  async revert(options: RevertOptions = {}): Promise<void> {
    const args = { snapshot: this.ref, flags: toFlags(revertBits, options) };
    await this.#session.call('DOMAIN_REVERT_TO_SNAPSHOT', args, options);
  }

  /** Deletes it, and with `children` all that build on it (virDomainSnapshotDelete). */
  async delete(options: DeleteSnapshotOptions = {}): Promise<void> {
    const args = { snapshot: this.ref, flags: toFlags(deleteBits, options) };
    await this.#session.call('DOMAIN_SNAPSHOT_DELETE', args, options);
  }

  /** The one it builds on, or null (virDomainSnapshotGetParent). */
  async parent(options?: CallOptions): Promise<DomainSnapshot | null> {
    const args = { snapshot: this.ref };
    try {
      const { snapshot } = await this.#session.call('DOMAIN_SNAPSHOT_GET_PARENT', args, options);
      return new DomainSnapshot(this.#session, snapshot);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /** Those that build on it, or with `descendants` also on those (virDomainSnapshotListAllChildren). */
  async children(
    options: CallOptions & { readonly descendants?: boolean } = {},
  ): Promise<DomainSnapshot[]> {
    const flags = options.descendants ? DESCENDANTS : 0;
    const args = { snapshot: this.ref, needResults: 1, flags };
    const answer = await this.#session.call('DOMAIN_SNAPSHOT_LIST_ALL_CHILDREN', args, options);
    return answer.snapshots.map((ref) => new DomainSnapshot(this.#session, ref));
  }

  /** Whether the domain's present state builds on it (virDomainSnapshotIsCurrent). */
  async isCurrent(options?: CallOptions): Promise<boolean> {
    const args = { snapshot: this.ref };
    return (await this.#session.call('DOMAIN_SNAPSHOT_IS_CURRENT', args, options)).current !== 0;
  }

  /** Whether libvirt has noted it, beyond what is in the image (virDomainSnapshotHasMetadata). */
  async hasMetadata(options?: CallOptions): Promise<boolean> {
    const args = { snapshot: this.ref };
    return (await this.#session.call('DOMAIN_SNAPSHOT_HAS_METADATA', args, options)).metadata !== 0;
  }
}
