import { DomainCheckpoint, type ListCheckpointsOptions, listCheckpointBits } from './checkpoint.ts';
import { DomainMigration } from './domain-migration.ts';
import { toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import { DomainSnapshot, type ListSnapshotsOptions, listSnapshotBits } from './snapshot.ts';

export interface CreateSnapshotOptions extends CallOptions {
  /** Note one that exists, e.g. after {@link Domain.undefine}. */
  readonly redefine?: boolean;
  /** With `redefine`: the present state builds on it. */
  readonly current?: boolean;
  /** Leave no note of it in libvirt. */
  readonly noMetadata?: boolean;
  /** Stop the domain after it. */
  readonly halt?: boolean;
  /** Without memory; the disks' images go on in new files. */
  readonly diskOnly?: boolean;
  /** The new files exist. */
  readonly reuseExternal?: boolean;
  /** Freeze the guest's file systems for it, by the agent. */
  readonly quiesce?: boolean;
  /** All disks or none. */
  readonly atomic?: boolean;
  /** Go on running while memory is saved. */
  readonly live?: boolean;
  readonly validate?: boolean;
}

export interface CreateCheckpointOptions extends CallOptions {
  readonly redefine?: boolean;
  readonly quiesce?: boolean;
  /** With `redefine`: check that the bitmaps are in the images. */
  readonly redefineValidate?: boolean;
}

const createBits = {
  redefine: 1,
  current: 2,
  noMetadata: 4,
  halt: 8,
  diskOnly: 16,
  reuseExternal: 32,
  quiesce: 64,
  atomic: 128,
  live: 256,
  validate: 512,
};
const createCheckpointBits = { redefine: 1, quiesce: 2, redefineValidate: 4 };

/** A domain's snapshots and checkpoints. */
export abstract class DomainSnapshots extends DomainMigration {
  /** Takes a snapshot as `<domainsnapshot>` says (virDomainSnapshotCreateXML). */
  async createSnapshot(xml: string, options: CreateSnapshotOptions = {}): Promise<DomainSnapshot> {
    const args = { xml, flags: toFlags(createBits, options) };
    const { snapshot } = await this.call('DOMAIN_SNAPSHOT_CREATE_XML', args, options);
    return new DomainSnapshot(this.session, snapshot);
  }

  /** Its snapshots (virDomainListAllSnapshots). */
  async snapshots(options: ListSnapshotsOptions = {}): Promise<DomainSnapshot[]> {
    const args = { needResults: 1, flags: toFlags(listSnapshotBits, options) };
    const { snapshots } = await this.call('DOMAIN_LIST_ALL_SNAPSHOTS', args, options);
    return snapshots.map((ref) => new DomainSnapshot(this.session, ref));
  }

  /** A snapshot by name (virDomainSnapshotLookupByName). Not found when there is none. */
  async snapshot(name: string, options?: CallOptions): Promise<DomainSnapshot> {
    const { snapshot } = await this.call('DOMAIN_SNAPSHOT_LOOKUP_BY_NAME', { name }, options);
    return new DomainSnapshot(this.session, snapshot);
  }

  /** The snapshot that the present state builds on, or null (virDomainSnapshotCurrent). */
  async currentSnapshot(options?: CallOptions): Promise<DomainSnapshot | null> {
    const { result } = await this.call('DOMAIN_HAS_CURRENT_SNAPSHOT', {}, options);
    if (result === 0) return null;
    const { snapshot } = await this.call('DOMAIN_SNAPSHOT_CURRENT', {}, options);
    return new DomainSnapshot(this.session, snapshot);
  }

  /** Begins to note changed blocks, as `<domaincheckpoint>` says (virDomainCheckpointCreateXML). */
  async createCheckpoint(
    xml: string,
    options: CreateCheckpointOptions = {},
  ): Promise<DomainCheckpoint> {
    const args = { xml, flags: toFlags(createCheckpointBits, options) };
    const { checkpoint } = await this.call('DOMAIN_CHECKPOINT_CREATE_XML', args, options);
    return new DomainCheckpoint(this.session, checkpoint);
  }

  /** Its checkpoints (virDomainListAllCheckpoints). */
  async checkpoints(options: ListCheckpointsOptions = {}): Promise<DomainCheckpoint[]> {
    const args = { needResults: 1, flags: toFlags(listCheckpointBits, options) };
    const { checkpoints } = await this.call('DOMAIN_LIST_ALL_CHECKPOINTS', args, options);
    return checkpoints.map((ref) => new DomainCheckpoint(this.session, ref));
  }

  /** A checkpoint by name (virDomainCheckpointLookupByName). Not found when there is none. */
  async checkpoint(name: string, options?: CallOptions): Promise<DomainCheckpoint> {
    const { checkpoint } = await this.call('DOMAIN_CHECKPOINT_LOOKUP_BY_NAME', { name }, options);
    return new DomainCheckpoint(this.session, checkpoint);
  }
}
