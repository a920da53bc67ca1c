import { ProtocolError } from './errors.ts';
import { PROGRAM } from './frame.ts';
import type { Args, Fields } from './schema.ts';

/** The remote program's procedures, by libvirt's own names (`REMOTE_PROC_` left off). */
export const remoteProcedures = {
  CONNECT_OPEN: [1, 'name:string? flags:uint', ''],
  CONNECT_CLOSE: [2, '', ''],
  CONNECT_GET_TYPE: [3, '', 'type:string'],
  CONNECT_GET_VERSION: [4, '', 'version:uhyper'],
  NODE_GET_INFO: [
    6,
    '',
    'model:char32 memory:uhyper cpus:int mhz:int nodes:int sockets:int cores:int threads:int',
  ],
  CONNECT_GET_CAPABILITIES: [7, '', 'capabilities:string'],
  CONNECT_GET_HOSTNAME: [59, '', 'hostname:string'],
  CONNECT_SUPPORTS_FEATURE: [60, 'feature:int', 'supported:int'],
  AUTH_LIST: [66, '', 'types:int[]'],
  AUTH_POLKIT: [70, '', 'complete:int'],
  NODE_GET_FREE_MEMORY: [102, '', 'freeMemory:uhyper'],
  CONNECT_GET_URI: [110, '', 'uri:string'],
  CONNECT_GET_LIB_VERSION: [157, '', 'version:uhyper'],
  NODE_GET_CPU_STATS: [227, 'cpu:int nparams:int flags:uint', 'params:nodeStat[] nparams:int'],
  NODE_GET_MEMORY_STATS: [228, 'nparams:int cell:int flags:uint', 'params:nodeStat[] nparams:int'],
  CONNECT_GET_DOMAIN_CAPABILITIES: [
    342,
    'emulator:string? arch:string? machine:string? virtType:string? flags:uint',
    'capabilities:string',
  ],

  CONNECT_LIST_ALL_DOMAINS: [273, 'needResults:int flags:uint', 'domains:domain[] count:uint'],
  DOMAIN_LOOKUP_BY_ID: [22, 'id:int', 'domain:domain'],
  DOMAIN_LOOKUP_BY_NAME: [23, 'name:string', 'domain:domain'],
  DOMAIN_LOOKUP_BY_UUID: [24, 'uuid:uuid', 'domain:domain'],
  DOMAIN_DEFINE_XML_FLAGS: [350, 'xml:string flags:uint', 'domain:domain'],
  DOMAIN_CREATE_XML: [10, 'xml:string flags:uint', 'domain:domain'],
  DOMAIN_CREATE_WITH_FLAGS: [196, 'domain:domain flags:uint', 'domain:domain'],
  DOMAIN_SHUTDOWN_FLAGS: [258, 'domain:domain flags:uint', ''],
  DOMAIN_REBOOT: [27, 'domain:domain flags:uint', ''],
  DOMAIN_RESET: [245, 'domain:domain flags:uint', ''],
  DOMAIN_DESTROY_FLAGS: [234, 'domain:domain flags:uint', ''],
  DOMAIN_UNDEFINE_FLAGS: [231, 'domain:domain flags:uint', ''],
  DOMAIN_SUSPEND: [34, 'domain:domain', ''],
  DOMAIN_RESUME: [28, 'domain:domain', ''],
  DOMAIN_GET_XML_DESC: [14, 'domain:domain flags:uint', 'xml:string'],
  DOMAIN_GET_STATE: [212, 'domain:domain flags:uint', 'state:int reason:int'],
  DOMAIN_GET_INFO: [
    16,
    'domain:domain',
    'state:uint maxMemory:uhyper memory:uhyper vcpus:uint cpuTime:uhyper',
  ],
  CONNECT_GET_ALL_DOMAIN_STATS: [
    344,
    'domains:domain[] stats:uint flags:uint',
    'records:statsRecord[]',
  ],
  DOMAIN_MEMORY_STATS: [159, 'domain:domain maxStats:uint flags:uint', 'stats:memoryStat[]'],
  DOMAIN_GET_AUTOSTART: [15, 'domain:domain', 'autostart:int'],
  DOMAIN_SET_AUTOSTART: [29, 'domain:domain autostart:int', ''],
  DOMAIN_IS_ACTIVE: [150, 'domain:domain', 'active:int'],
  DOMAIN_IS_PERSISTENT: [151, 'domain:domain', 'persistent:int'],
  DOMAIN_RENAME: [358, 'domain:domain newName:string? flags:uint', 'result:int'],
  DOMAIN_SET_METADATA: [
    264,
    'domain:domain type:int metadata:string? key:string? uri:string? flags:uint',
    '',
  ],
  DOMAIN_GET_METADATA: [265, 'domain:domain type:int uri:string? flags:uint', 'metadata:string'],
  DOMAIN_MANAGED_SAVE: [182, 'domain:domain flags:uint', ''],
  DOMAIN_HAS_MANAGED_SAVE_IMAGE: [183, 'domain:domain flags:uint', 'result:int'],
  DOMAIN_MANAGED_SAVE_REMOVE: [184, 'domain:domain flags:uint', ''],
  DOMAIN_SAVE_FLAGS: [232, 'domain:domain to:string xml:string? flags:uint', ''],
  DOMAIN_RESTORE_FLAGS: [233, 'from:string xml:string? flags:uint', ''],
  DOMAIN_GET_MESSAGES: [426, 'domain:domain flags:uint', 'messages:string[]'],

  DOMAIN_ATTACH_DEVICE_FLAGS: [160, 'domain:domain xml:string flags:uint', ''],
  DOMAIN_DETACH_DEVICE_FLAGS: [161, 'domain:domain xml:string flags:uint', ''],
  DOMAIN_UPDATE_DEVICE_FLAGS: [174, 'domain:domain xml:string flags:uint', ''],
  DOMAIN_DETACH_DEVICE_ALIAS: [392, 'domain:domain alias:string flags:uint', ''],
  DOMAIN_SET_MEMORY_FLAGS: [204, 'domain:domain memory:uhyper flags:uint', ''],
  DOMAIN_SET_VCPUS_FLAGS: [199, 'domain:domain vcpus:uint flags:uint', ''],
  DOMAIN_GET_VCPUS_FLAGS: [200, 'domain:domain flags:uint', 'vcpus:int'],
  DOMAIN_GET_BLOCK_INFO: [
    194,
    'domain:domain path:string flags:uint',
    'allocation:uhyper capacity:uhyper physical:uhyper',
  ],
  DOMAIN_BLOCK_RESIZE: [251, 'domain:domain disk:string size:uhyper flags:uint', ''],
  DOMAIN_SET_BLOCK_IO_TUNE: [252, 'domain:domain disk:string params:param[] flags:uint', ''],
  DOMAIN_BLOCK_COMMIT: [
    290,
    'domain:domain disk:string base:string? top:string? bandwidth:uhyper flags:uint',
    '',
  ],
  DOMAIN_BLOCK_COPY: [
    345,
    'domain:domain path:string destXml:string params:param[] flags:uint',
    '',
  ],
  DOMAIN_BLOCK_JOB_ABORT: [237, 'domain:domain path:string flags:uint', ''],
  DOMAIN_GET_BLOCK_JOB_INFO: [
    238,
    'domain:domain path:string flags:uint',
    'found:int type:int bandwidth:uhyper cur:uhyper end:uhyper',
  ],
  DOMAIN_GET_JOB_STATS: [298, 'domain:domain flags:uint', 'type:int params:param[]'],
  DOMAIN_ABORT_JOB_FLAGS: [442, 'domain:domain flags:uint', ''],
  DOMAIN_BACKUP_BEGIN: [421, 'domain:domain backupXml:string checkpointXml:string? flags:uint', ''],
  DOMAIN_FSFREEZE: [335, 'domain:domain mountpoints:string[] flags:uint', 'filesystems:int'],
  DOMAIN_FSTHAW: [336, 'domain:domain mountpoints:string[] flags:uint', 'filesystems:int'],
  DOMAIN_INTERFACE_ADDRESSES: [
    353,
    'domain:domain source:uint flags:uint',
    'interfaces:interface[]',
  ],
  DOMAIN_GET_GUEST_INFO: [418, 'domain:domain types:uint flags:uint', 'params:param[]'],
  DOMAIN_SET_USER_PASSWORD: [357, 'domain:domain user:string? password:string? flags:uint', ''],
  DOMAIN_SEND_KEY: [226, 'domain:domain codeset:uint holdTime:uint keycodes:uint[] flags:uint', ''],
  DOMAIN_OPEN_CONSOLE: [201, 'domain:domain device:string? flags:uint', '', 'read'],
  DOMAIN_OPEN_CHANNEL: [296, 'domain:domain name:string? flags:uint', '', 'read'],
  DOMAIN_SCREENSHOT: [211, 'domain:domain screen:uint flags:uint', 'mime:string?', 'read'],

  DOMAIN_SNAPSHOT_CREATE_XML: [185, 'domain:domain xml:string flags:uint', 'snapshot:snapshot'],
  DOMAIN_SNAPSHOT_GET_XML_DESC: [186, 'snapshot:snapshot flags:uint', 'xml:string'],
  DOMAIN_SNAPSHOT_LOOKUP_BY_NAME: [
    189,
    'domain:domain name:string flags:uint',
    'snapshot:snapshot',
  ],
  DOMAIN_REVERT_TO_SNAPSHOT: [192, 'snapshot:snapshot flags:uint', ''],
  DOMAIN_SNAPSHOT_DELETE: [193, 'snapshot:snapshot flags:uint', ''],
  DOMAIN_LIST_ALL_SNAPSHOTS: [
    274,
    'domain:domain needResults:int flags:uint',
    'snapshots:snapshot[] count:int',
  ],

  CONNECT_LIST_ALL_NETWORKS: [283, 'needResults:int flags:uint', 'networks:network[] count:uint'],
  NETWORK_LOOKUP_BY_NAME: [46, 'name:string', 'network:network'],
  NETWORK_LOOKUP_BY_UUID: [47, 'uuid:uuid', 'network:network'],
  NETWORK_DEFINE_XML_FLAGS: [432, 'xml:string flags:uint', 'network:network'],
  NETWORK_CREATE_XML_FLAGS: [437, 'xml:string flags:uint', 'network:network'],
  NETWORK_CREATE: [39, 'network:network', ''],
  NETWORK_DESTROY: [42, 'network:network', ''],
  NETWORK_UNDEFINE: [49, 'network:network', ''],
  NETWORK_GET_XML_DESC: [43, 'network:network flags:uint', 'xml:string'],
  NETWORK_SET_AUTOSTART: [48, 'network:network autostart:int', ''],
  NETWORK_IS_ACTIVE: [152, 'network:network', 'active:int'],
  NETWORK_GET_BRIDGE_NAME: [45, 'network:network', 'name:string'],
  NETWORK_UPDATE: [
    291,
    'network:network command:uint section:uint parentIndex:int xml:string flags:uint',
    '',
  ],
  NETWORK_GET_DHCP_LEASES: [
    341,
    'network:network mac:string? needResults:int flags:uint',
    'leases:lease[] count:uint',
  ],

  CONNECT_LIST_ALL_STORAGE_POOLS: [281, 'needResults:int flags:uint', 'pools:pool[] count:uint'],
  STORAGE_POOL_LOOKUP_BY_NAME: [84, 'name:string', 'pool:pool'],
  STORAGE_POOL_LOOKUP_BY_UUID: [85, 'uuid:uuid', 'pool:pool'],
  STORAGE_POOL_DEFINE_XML: [77, 'xml:string flags:uint', 'pool:pool'],
  STORAGE_POOL_CREATE_XML: [76, 'xml:string flags:uint', 'pool:pool'],
  STORAGE_POOL_CREATE: [78, 'pool:pool flags:uint', ''],
  STORAGE_POOL_BUILD: [79, 'pool:pool flags:uint', ''],
  STORAGE_POOL_DESTROY: [80, 'pool:pool', ''],
  STORAGE_POOL_DELETE: [81, 'pool:pool flags:uint', ''],
  STORAGE_POOL_UNDEFINE: [82, 'pool:pool', ''],
  STORAGE_POOL_REFRESH: [83, 'pool:pool flags:uint', ''],
  STORAGE_POOL_GET_INFO: [
    87,
    'pool:pool',
    'state:uint capacity:uhyper allocation:uhyper available:uhyper',
  ],
  STORAGE_POOL_GET_XML_DESC: [88, 'pool:pool flags:uint', 'xml:string'],
  STORAGE_POOL_SET_AUTOSTART: [90, 'pool:pool autostart:int', ''],
  STORAGE_POOL_LIST_ALL_VOLUMES: [
    282,
    'pool:pool needResults:int flags:uint',
    'volumes:volume[] count:uint',
  ],
  STORAGE_VOL_CREATE_XML: [93, 'pool:pool xml:string flags:uint', 'volume:volume'],
  STORAGE_VOL_CREATE_XML_FROM: [
    125,
    'pool:pool xml:string source:volume flags:uint',
    'volume:volume',
  ],
  STORAGE_VOL_DELETE: [94, 'volume:volume flags:uint', ''],
  STORAGE_VOL_LOOKUP_BY_NAME: [95, 'pool:pool name:string', 'volume:volume'],
  STORAGE_VOL_LOOKUP_BY_PATH: [97, 'path:string', 'volume:volume'],
  STORAGE_VOL_GET_INFO: [98, 'volume:volume', 'type:int capacity:uhyper allocation:uhyper'],
  STORAGE_VOL_GET_INFO_FLAGS: [
    378,
    'volume:volume flags:uint',
    'type:int capacity:uhyper allocation:uhyper',
  ],
  STORAGE_VOL_GET_XML_DESC: [99, 'volume:volume flags:uint', 'xml:string'],
  STORAGE_VOL_GET_PATH: [100, 'volume:volume', 'path:string'],
  STORAGE_VOL_RESIZE: [260, 'volume:volume capacity:uhyper flags:uint', ''],
  STORAGE_VOL_UPLOAD: [208, 'volume:volume offset:uhyper length:uhyper flags:uint', '', 'write'],
  STORAGE_VOL_DOWNLOAD: [209, 'volume:volume offset:uhyper length:uhyper flags:uint', '', 'read'],

  CONNECT_LIST_ALL_SECRETS: [287, 'needResults:int flags:uint', 'secrets:secret[] count:uint'],
  SECRET_DEFINE_XML: [142, 'xml:string flags:uint', 'secret:secret'],
  SECRET_SET_VALUE: [144, 'secret:secret value:bytes flags:uint', ''],
  SECRET_UNDEFINE: [146, 'secret:secret', ''],
  NWFILTER_DEFINE_XML_FLAGS: [431, 'xml:string flags:uint', 'nwfilter:nwfilter'],
  NWFILTER_UNDEFINE: [181, 'nwfilter:nwfilter', ''],

  CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: [316, 'eventId:int domain:domain?', 'callbackId:int'],
  CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY: [317, 'callbackId:int', ''],
  CONNECT_NETWORK_EVENT_REGISTER_ANY: [313, 'eventId:int network:network?', 'callbackId:int'],
  CONNECT_NETWORK_EVENT_DEREGISTER_ANY: [314, 'callbackId:int', ''],
  CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY: [368, 'eventId:int pool:pool?', 'callbackId:int'],
  CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY: [369, 'callbackId:int', ''],
  CONNECT_REGISTER_CLOSE_CALLBACK: [360, '', ''],
  CONNECT_UNREGISTER_CLOSE_CALLBACK: [361, '', ''],
} as const;

/** The QEMU program's procedures (`QEMU_PROC_`). */
export const qemuProcedures = {
  QEMU_DOMAIN_MONITOR_COMMAND: [1, 'domain:domain command:string flags:uint', 'result:string'],
  QEMU_DOMAIN_AGENT_COMMAND: [
    3,
    'domain:domain command:string timeout:int flags:uint',
    'result:string?',
  ],
} as const;

type Procedures = typeof remoteProcedures & typeof qemuProcedures;
/** A procedure's name, as in libvirt, without its `REMOTE_PROC_` prefix. */
export type Procedure = keyof Procedures;
/** What a procedure takes. Nullable arguments and `flags` may be left out. */
export type ProcedureArgs<P extends Procedure> = Args<Procedures[P][1]>;
/** What a procedure answers. 64-bit numbers are bigint. */
export type ProcedureResult<P extends Procedure> = Fields<Procedures[P][2]>;

/** How to send a call and read its answer. */
export interface ProcedureInfo {
  readonly name: Procedure;
  readonly program: number;
  readonly number: number;
  readonly args: string;
  readonly result: string;
  /** For a call that opens a stream: `read` when the daemon sends, `write` when we do. */
  readonly stream: 'read' | 'write' | undefined;
}

type Row = readonly [number, string, string, ('read' | 'write')?];

const infos = new Map<string, ProcedureInfo>([
  ...toInfos(PROGRAM.remote, remoteProcedures),
  ...toInfos(PROGRAM.qemu, qemuProcedures),
]);

/** Looks a procedure up; an unknown name is a caller's mistake that types would have caught. */
export function procedureInfo(name: Procedure): ProcedureInfo {
  const info = infos.get(name);
  if (info === undefined) throw new ProtocolError(`unknown procedure ${name as string}`);
  return info;
}

function toInfos(program: number, rows: Record<string, Row>): [string, ProcedureInfo][] {
  return Object.entries(rows).map(([name, [number, args, result, stream]]) => [
    name,
    { name: name as Procedure, program, number, args, result, stream },
  ]);
}
