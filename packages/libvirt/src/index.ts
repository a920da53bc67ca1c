export { connect, type ConnectOptions } from './connect.ts';
export type { Connection } from './connection.ts';
export type {
  CheckpointXmlOptions,
  DomainCheckpoint,
  ListCheckpointsOptions,
} from './checkpoint.ts';
export type {
  Domain,
  DomainInfo,
  DomainState,
  InterfaceStats,
  MemoryStats,
  PowerOptions,
  StartOptions,
} from './domain.ts';
export type { AffectOptions } from './domain-base.ts';
export type {
  BlockCommitOptions,
  BlockCopyOptions,
  BlockInfo,
  BlockJobAbortOptions,
  BlockJobInfo,
  BlockPullOptions,
} from './domain-blocks.ts';
export type { SendKeyOptions } from './domain-console.ts';
export type {
  MetadataKey,
  MetadataOptions,
  UndefineOptions,
  XmlOptions,
} from './domain-definition.ts';
export type { MaximumOptions, Vcpu, VcpuOptions } from './domain-devices.ts';
export type {
  AgentOptions,
  DomainInterface,
  GuestFilesystem,
  SshKeysOptions,
} from './domain-guest.ts';
export type {
  CoreDumpOptions,
  JobStats,
  JobStatsOptions,
  SaveOptions,
  SaveXmlOptions,
} from './domain-jobs.ts';
export type { CreateCheckpointOptions, CreateSnapshotOptions } from './domain-snapshots.ts';
export type { DomainStateName } from './domain-states.ts';
export type { DomainStats, StatsGroup, StatsOptions } from './domain-stats.ts';
export {
  ConnectError,
  ConnectionClosedError,
  isAgentUnavailable,
  isAlreadyExists,
  isConnectionClosed,
  isDenied,
  isInvalidState,
  isNotFound,
  isTimeout,
  isUnsupported,
  LibvirtError,
  type LibvirtErrorData,
  ProtocolError,
  TimeoutError,
  UriError,
} from './errors.ts';
export type { EventOptions } from './events.ts';
export type { EventStream } from './event-queue.ts';
export type {
  EventOf,
  EventSubject,
  EventType,
  GraphicsAddress,
  LibvirtEvent,
  LifecycleEvent,
} from './event-types.ts';
export type { Affect } from './flags.ts';
export type { CredentialsRequest, CredentialsSource } from './handshake.ts';
export type {
  BaselineCpuOptions,
  CompareCpuOptions,
  DomainCapabilitiesOptions,
  NodeInfo,
} from './host.ts';
export type { HostInterface } from './host-interface.ts';
export type { DefineOptions, ListDomainsOptions, ListOptions } from './host-objects.ts';
export type { KeepAliveOptions } from './keepalive.ts';
export type { MigrateOptions } from './migration-options.ts';
export type { DhcpLease, Network, NetworkUpdate } from './network.ts';
export type { NetworkPort } from './network-port.ts';
export type { ListNodeDevicesOptions, NodeDevice, NodeDeviceCapability } from './node-device.ts';
export type { NwFilter, NwFilterBinding } from './nwfilter.ts';
export type { CallOptions } from './pending-call.ts';
export type { Procedure, ProcedureArgs, ProcedureResult } from './procedures.ts';
export { type QemuCommand, QemuCommandError } from './qemu-command.ts';
export type { ReconnectOptions } from './reconnect.ts';
export type {
  DeleteSnapshotOptions,
  DomainSnapshot,
  ListSnapshotsOptions,
  RevertOptions,
} from './snapshot.ts';
export type { CallArgs, DebugHook } from './rpc-client.ts';
export type { Credentials } from './sasl.ts';
export type { Struct } from './schema.ts';
export type { ListSecretsOptions, Secret, SecretUsage } from './secret.ts';
export type {
  BuildPoolOptions,
  CreateVolumeOptions,
  PoolInfo,
  StartPoolOptions,
  StoragePool,
} from './storage.ts';
export type {
  DeleteVolumeOptions,
  ResizeVolumeOptions,
  StorageVolume,
  TransferOptions,
  VolumeInfo,
} from './storage-volume.ts';
export { readSparse, writeSparse } from './sparse-file.ts';
export type { Hole, LibvirtStream } from './stream.ts';
export type { ParamRecord, TypedParam } from './typed-params.ts';
