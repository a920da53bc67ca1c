/**
 * The remote program's procedures, by libvirt's own names (`REMOTE_PROC_` left off). A row is
 * `number since (arguments) -> (result)`, and `read` or `write` when it opens a stream that the
 * daemon or the client fills. `since` is the libvirt that brought it. For the types of the fields
 * see structs.ts. Left out: what libvirt has replaced (e.g. `DOMAIN_CREATE`), and what passes file
 * descriptors, which Node cannot.
 */
export const remoteProcedures = {
  // connection
  CONNECT_OPEN: '1 0.0.3 (name:string? flags:uint) -> ()',
  CONNECT_CLOSE: '2 0.0.3 () -> ()',
  CONNECT_GET_TYPE: '3 0.0.3 () -> (type:string)',
  CONNECT_GET_VERSION: '4 0.0.3 () -> (version:uhyper)',
  CONNECT_GET_HOSTNAME: '59 0.3.0 () -> (hostname:string)',
  CONNECT_SUPPORTS_FEATURE: '60 0.3.2 (feature:int) -> (supported:int)',
  AUTH_LIST: '66 0.4.0 () -> (types:int[])',
  AUTH_SASL_INIT: '67 0.4.0 () -> (mechlist:string)',
  AUTH_SASL_START: '68 0.4.0 (mech:string nil:int data:int[]) -> (complete:int nil:int data:int[])',
  AUTH_SASL_STEP: '69 0.4.0 (nil:int data:int[]) -> (complete:int nil:int data:int[])',
  AUTH_POLKIT: '70 0.4.0 () -> (complete:int)',
  CONNECT_GET_URI: '110 0.3.0 () -> (uri:string)',
  CONNECT_IS_SECURE: '149 0.7.3 () -> (secure:int)',
  CONNECT_GET_LIB_VERSION: '157 0.7.3 () -> (version:uhyper)',
  CONNECT_REGISTER_CLOSE_CALLBACK: '360 0.10.0 () -> ()',
  CONNECT_UNREGISTER_CLOSE_CALLBACK: '361 0.10.0 () -> ()',
  CONNECT_SET_IDENTITY: '419 5.8.0 (params:param[] flags:uint) -> ()',

  // events
  CONNECT_NETWORK_EVENT_REGISTER_ANY:
    '313 1.2.1 (eventId:int network:network?) -> (callbackId:int)',
  CONNECT_NETWORK_EVENT_DEREGISTER_ANY: '314 1.2.1 (callbackId:int) -> ()',
  CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY:
    '316 1.2.1 (eventId:int domain:domain?) -> (callbackId:int)',
  CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY: '317 1.2.1 (callbackId:int) -> ()',
  CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY: '368 2.0.0 (eventId:int pool:pool?) -> (callbackId:int)',
  CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY: '369 2.0.0 (callbackId:int) -> ()',
  CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY:
    '374 2.2.0 (eventId:int device:nodeDevice?) -> (callbackId:int)',
  CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY: '375 2.2.0 (callbackId:int) -> ()',
  CONNECT_SECRET_EVENT_REGISTER_ANY: '380 3.0.0 (eventId:int secret:secret?) -> (callbackId:int)',
  CONNECT_SECRET_EVENT_DEREGISTER_ANY: '381 3.0.0 (callbackId:int) -> ()',

  // host
  CONNECT_GET_MAX_VCPUS: '5 0.2.1 (type:string?) -> (maxVcpus:int)',
  NODE_GET_INFO:
    '6 0.1.0 () -> (model:char32 memory:uhyper cpus:int mhz:int nodes:int sockets:int cores:int threads:int)',
  CONNECT_GET_CAPABILITIES: '7 0.2.1 () -> (capabilities:string)',
  NODE_GET_CELLS_FREE_MEMORY: '101 0.3.3 (startCell:int maxCells:int) -> (cells:uhyper[])',
  NODE_GET_FREE_MEMORY: '102 0.3.3 () -> (freeMemory:uhyper)',
  CONNECT_DOMAIN_XML_FROM_NATIVE:
    '135 0.6.4 (nativeFormat:string nativeConfig:string flags:uint) -> (domainXml:string)',
  CONNECT_DOMAIN_XML_TO_NATIVE:
    '136 0.6.4 (nativeFormat:string domainXml:string flags:uint) -> (nativeConfig:string)',
  CONNECT_COMPARE_CPU: '158 0.7.5 (xml:string flags:uint) -> (result:int)',
  CONNECT_BASELINE_CPU: '162 0.7.7 (xmls:string[] flags:uint) -> (cpu:string)',
  CONNECT_GET_SYSINFO: '203 0.8.8 (flags:uint) -> (sysinfo:string)',
  NODE_GET_CPU_STATS:
    '227 0.9.3 (cpu:int nparams:int flags:uint) -> (params:nodeStat[] nparams:int)',
  NODE_GET_MEMORY_STATS:
    '228 0.9.3 (nparams:int cell:int flags:uint) -> (params:nodeStat[] nparams:int)',
  NODE_SUSPEND_FOR_DURATION: '250 0.9.8 (target:uint duration:uhyper flags:uint) -> ()',
  NODE_SET_MEMORY_PARAMETERS: '288 0.10.2 (params:param[] flags:uint) -> ()',
  NODE_GET_MEMORY_PARAMETERS: '289 0.10.2 (nparams:int flags:uint) -> (params:param[] nparams:int)',
  NODE_GET_CPU_MAP:
    '293 1.0.0 (needMap:int needOnline:int flags:uint) -> (cpuMap:bytes online:uint count:int)',
  CONNECT_GET_CPU_MODEL_NAMES:
    '312 1.1.3 (arch:string needResults:int flags:uint) -> (models:string[] count:int)',
  NODE_GET_FREE_PAGES:
    '340 1.2.6 (pages:uint[] startCell:int cellCount:uint flags:uint) -> (counts:uhyper[])',
  CONNECT_GET_DOMAIN_CAPABILITIES:
    '342 1.2.7 (emulator:string? arch:string? machine:string? virtType:string? flags:uint) -> (capabilities:string)',
  NODE_ALLOC_PAGES:
    '347 1.2.9 (pageSizes:uint[] pageCounts:uhyper[] startCell:int cellCount:uint flags:uint) -> (count:int)',
  CONNECT_COMPARE_HYPERVISOR_CPU:
    '393 4.4.0 (emulator:string? arch:string? machine:string? virtType:string? xml:string flags:uint) -> (result:int)',
  CONNECT_BASELINE_HYPERVISOR_CPU:
    '394 4.4.0 (emulator:string? arch:string? machine:string? virtType:string? xmls:string[] flags:uint) -> (cpu:string)',
  NODE_GET_SEV_INFO: '395 4.5.0 (nparams:int flags:uint) -> (params:param[] nparams:int)',

  // domains: finding and defining
  DOMAIN_CREATE_XML: '10 0.5.0 (xml:string flags:uint) -> (domain:domain)',
  DOMAIN_GET_XML_DESC: '14 0.0.3 (domain:domain flags:uint) -> (xml:string)',
  DOMAIN_GET_AUTOSTART: '15 0.2.1 (domain:domain) -> (autostart:int)',
  DOMAIN_LOOKUP_BY_ID: '22 0.0.3 (id:int) -> (domain:domain)',
  DOMAIN_LOOKUP_BY_NAME: '23 0.0.3 (name:string) -> (domain:domain)',
  DOMAIN_LOOKUP_BY_UUID: '24 0.0.5 (uuid:uuid) -> (domain:domain)',
  DOMAIN_SET_AUTOSTART: '29 0.2.1 (domain:domain autostart:int) -> ()',
  DOMAIN_IS_ACTIVE: '150 0.7.3 (domain:domain) -> (active:int)',
  DOMAIN_IS_PERSISTENT: '151 0.7.3 (domain:domain) -> (persistent:int)',
  DOMAIN_IS_UPDATED: '202 0.8.6 (domain:domain) -> (updated:int)',
  DOMAIN_UNDEFINE_FLAGS: '231 0.9.4 (domain:domain flags:uint) -> ()',
  DOMAIN_SET_METADATA:
    '264 0.9.10 (domain:domain type:int metadata:string? key:string? uri:string? flags:uint) -> ()',
  DOMAIN_GET_METADATA:
    '265 0.9.10 (domain:domain type:int uri:string? flags:uint) -> (metadata:string)',
  CONNECT_LIST_ALL_DOMAINS:
    '273 0.9.13 (needResults:int flags:uint) -> (domains:domain[] count:uint)',
  DOMAIN_DEFINE_XML_FLAGS: '350 1.2.12 (xml:string flags:uint) -> (domain:domain)',
  DOMAIN_RENAME: '358 1.2.19 (domain:domain newName:string? flags:uint) -> (result:int)',
  DOMAIN_GET_MESSAGES: '426 7.1.0 (domain:domain flags:uint) -> (messages:string[])',
  DOMAIN_GET_AUTOSTART_ONCE: '449 11.2.0 (domain:domain) -> (autostart:int)',
  DOMAIN_SET_AUTOSTART_ONCE: '450 11.2.0 (domain:domain autostart:int) -> ()',

  // domains: life cycle and state
  DOMAIN_GET_INFO:
    '16 0.0.3 (domain:domain) -> (state:uint maxMemory:uhyper memory:uhyper vcpus:uint cpuTime:uhyper)',
  DOMAIN_GET_OS_TYPE: '19 0.0.3 (domain:domain) -> (type:string)',
  DOMAIN_REBOOT: '27 0.1.0 (domain:domain flags:uint) -> ()',
  DOMAIN_RESUME: '28 0.0.3 (domain:domain) -> ()',
  DOMAIN_SHUTDOWN: '33 0.0.3 (domain:domain) -> ()',
  DOMAIN_SUSPEND: '34 0.0.3 (domain:domain) -> ()',
  DOMAIN_CREATE_WITH_FLAGS: '196 0.8.2 (domain:domain flags:uint) -> (domain:domain)',
  DOMAIN_INJECT_NMI: '210 0.9.2 (domain:domain flags:uint) -> ()',
  DOMAIN_GET_STATE: '212 0.9.2 (domain:domain flags:uint) -> (state:int reason:int)',
  DOMAIN_GET_CONTROL_INFO:
    '229 0.9.3 (domain:domain flags:uint) -> (state:uint details:uint stateTime:uhyper)',
  DOMAIN_DESTROY_FLAGS: '234 0.9.4 (domain:domain flags:uint) -> ()',
  DOMAIN_RESET: '245 0.9.7 (domain:domain flags:uint) -> ()',
  DOMAIN_SHUTDOWN_FLAGS: '258 0.9.10 (domain:domain flags:uint) -> ()',
  DOMAIN_PM_SUSPEND_FOR_DURATION:
    '261 0.9.10 (domain:domain target:uint duration:uhyper flags:uint) -> ()',
  DOMAIN_PM_WAKEUP: '267 0.9.11 (domain:domain flags:uint) -> ()',
  DOMAIN_SET_LIFECYCLE_ACTION: '390 3.9.0 (domain:domain type:uint action:uint flags:uint) -> ()',
  DOMAIN_GET_LAUNCH_SECURITY_INFO: '396 4.5.0 (domain:domain flags:uint) -> (params:param[])',
  DOMAIN_SET_LAUNCH_SECURITY_STATE: '439 8.0.0 (domain:domain params:param[] flags:uint) -> ()',

  // domains: saving and dumping
  DOMAIN_CORE_DUMP: '53 0.1.9 (domain:domain to:string flags:uint) -> ()',
  DOMAIN_BLOCK_PEEK:
    '103 0.4.2 (domain:domain path:string offset:uhyper size:uint flags:uint) -> (buffer:bytes)',
  DOMAIN_MEMORY_PEEK:
    '104 0.4.2 (domain:domain offset:uhyper size:uint flags:uint) -> (buffer:bytes)',
  DOMAIN_MANAGED_SAVE: '182 0.8.0 (domain:domain flags:uint) -> ()',
  DOMAIN_HAS_MANAGED_SAVE_IMAGE: '183 0.8.0 (domain:domain flags:uint) -> (result:int)',
  DOMAIN_MANAGED_SAVE_REMOVE: '184 0.8.0 (domain:domain flags:uint) -> ()',
  DOMAIN_SAVE_FLAGS: '232 0.9.4 (domain:domain to:string xml:string? flags:uint) -> ()',
  DOMAIN_RESTORE_FLAGS: '233 0.9.4 (from:string xml:string? flags:uint) -> ()',
  DOMAIN_SAVE_IMAGE_GET_XML_DESC: '235 0.9.4 (file:string flags:uint) -> (xml:string)',
  DOMAIN_SAVE_IMAGE_DEFINE_XML: '236 0.9.4 (file:string xml:string flags:uint) -> ()',
  DOMAIN_CORE_DUMP_WITH_FORMAT: '334 1.2.3 (domain:domain to:string format:uint flags:uint) -> ()',
  DOMAIN_MANAGED_SAVE_GET_XML_DESC: '388 3.7.0 (domain:domain flags:uint) -> (xml:string)',
  DOMAIN_MANAGED_SAVE_DEFINE_XML: '389 3.7.0 (domain:domain xml:string? flags:uint) -> ()',
  DOMAIN_SAVE_PARAMS: '440 8.4.0 (domain:domain params:param[] flags:uint) -> ()',
  DOMAIN_RESTORE_PARAMS: '441 8.4.0 (params:param[] flags:uint) -> ()',

  // domains: statistics
  DOMAIN_BLOCK_STATS:
    '64 0.3.2 (domain:domain path:string) -> (readRequests:hyper readBytes:hyper writeRequests:hyper writeBytes:hyper errors:hyper)',
  DOMAIN_INTERFACE_STATS:
    '65 0.3.2 (domain:domain device:string) -> (rxBytes:hyper rxPackets:hyper rxErrors:hyper rxDropped:hyper txBytes:hyper txPackets:hyper txErrors:hyper txDropped:hyper)',
  DOMAIN_MEMORY_STATS: '159 0.7.5 (domain:domain maxStats:uint flags:uint) -> (stats:memoryStat[])',
  DOMAIN_BLOCK_STATS_FLAGS:
    '243 0.9.5 (domain:domain path:string nparams:int flags:uint) -> (params:param[] nparams:int)',
  DOMAIN_GET_CPU_STATS:
    '262 0.9.10 (domain:domain nparams:uint startCpu:int cpus:uint flags:uint) -> (params:param[] nparams:int)',
  DOMAIN_SET_MEMORY_STATS_PERIOD: '308 1.1.1 (domain:domain period:int flags:uint) -> ()',
  CONNECT_GET_ALL_DOMAIN_STATS:
    '344 1.2.8 (domains:domain[] stats:uint flags:uint) -> (records:statsRecord[])',
  DOMAIN_GET_PERF_EVENTS: '365 1.3.3 (domain:domain flags:uint) -> (params:param[])',
  DOMAIN_SET_PERF_EVENTS: '366 1.3.3 (domain:domain params:param[] flags:uint) -> ()',
  DOMAIN_START_DIRTY_RATE_CALC: '427 7.2.0 (domain:domain seconds:int flags:uint) -> ()',

  // domains: devices, memory and vcpus
  DOMAIN_GET_MAX_MEMORY: '17 0.0.3 (domain:domain) -> (memory:uhyper)',
  DOMAIN_GET_MAX_VCPUS: '18 0.2.1 (domain:domain) -> (vcpus:int)',
  DOMAIN_GET_VCPUS:
    '20 0.1.4 (domain:domain maxInfo:int mapLength:int) -> (info:vcpuInfo[] cpuMaps:bytes)',
  DOMAIN_GET_SCHEDULER_TYPE: '56 0.2.3 (domain:domain) -> (type:string nparams:int)',
  DOMAIN_ATTACH_DEVICE_FLAGS: '160 0.7.7 (domain:domain xml:string flags:uint) -> ()',
  DOMAIN_DETACH_DEVICE_FLAGS: '161 0.7.7 (domain:domain xml:string flags:uint) -> ()',
  DOMAIN_UPDATE_DEVICE_FLAGS: '174 0.8.0 (domain:domain xml:string flags:uint) -> ()',
  DOMAIN_SET_MEMORY_PARAMETERS: '197 0.8.5 (domain:domain params:param[] flags:uint) -> ()',
  DOMAIN_GET_MEMORY_PARAMETERS:
    '198 0.8.5 (domain:domain nparams:int flags:uint) -> (params:param[] nparams:int)',
  DOMAIN_SET_VCPUS_FLAGS: '199 0.8.5 (domain:domain vcpus:uint flags:uint) -> ()',
  DOMAIN_GET_VCPUS_FLAGS: '200 0.8.5 (domain:domain flags:uint) -> (vcpus:int)',
  DOMAIN_SET_MEMORY_FLAGS: '204 0.9.0 (domain:domain memory:uhyper flags:uint) -> ()',
  DOMAIN_SET_BLKIO_PARAMETERS: '205 0.9.0 (domain:domain params:param[] flags:uint) -> ()',
  DOMAIN_GET_BLKIO_PARAMETERS:
    '206 0.9.0 (domain:domain nparams:int flags:uint) -> (params:param[] nparams:int)',
  DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS:
    '219 0.9.2 (domain:domain params:param[] flags:uint) -> ()',
  DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS:
    '223 0.9.2 (domain:domain nparams:int flags:uint) -> (params:param[])',
  DOMAIN_PIN_VCPU_FLAGS: '225 0.9.3 (domain:domain vcpu:uint cpuMap:bytes flags:uint) -> ()',
  DOMAIN_GET_VCPU_PIN_INFO:
    '230 0.9.3 (domain:domain cpuMapCount:int mapLength:int flags:uint) -> (cpuMaps:bytes count:int)',
  DOMAIN_SET_NUMA_PARAMETERS: '254 0.9.9 (domain:domain params:param[] flags:uint) -> ()',
  DOMAIN_GET_NUMA_PARAMETERS:
    '255 0.9.9 (domain:domain nparams:int flags:uint) -> (params:param[] nparams:int)',
  DOMAIN_SET_INTERFACE_PARAMETERS:
    '256 0.9.9 (domain:domain device:string params:param[] flags:uint) -> ()',
  DOMAIN_GET_INTERFACE_PARAMETERS:
    '257 0.9.9 (domain:domain device:string nparams:int flags:uint) -> (params:param[] nparams:int)',
  DOMAIN_PIN_EMULATOR: '279 0.10.0 (domain:domain cpuMap:bytes flags:uint) -> ()',
  DOMAIN_GET_EMULATOR_PIN_INFO:
    '280 0.10.0 (domain:domain mapLength:int flags:uint) -> (cpuMaps:bytes count:int)',
  DOMAIN_GET_IOTHREAD_INFO: '351 1.2.14 (domain:domain flags:uint) -> (info:ioThread[] count:uint)',
  DOMAIN_PIN_IOTHREAD: '352 1.2.14 (domain:domain id:uint cpuMap:bytes flags:uint) -> ()',
  DOMAIN_ADD_IOTHREAD: '355 1.2.15 (domain:domain id:uint flags:uint) -> ()',
  DOMAIN_DEL_IOTHREAD: '356 1.2.15 (domain:domain id:uint flags:uint) -> ()',
  DOMAIN_GET_GUEST_VCPUS: '371 2.0.0 (domain:domain flags:uint) -> (params:param[])',
  DOMAIN_SET_GUEST_VCPUS: '372 2.0.0 (domain:domain cpuMap:string state:int flags:uint) -> ()',
  DOMAIN_SET_VCPU: '384 3.1.0 (domain:domain cpuMap:string state:int flags:uint) -> ()',
  DOMAIN_DETACH_DEVICE_ALIAS: '392 4.4.0 (domain:domain alias:string flags:uint) -> ()',
  DOMAIN_SET_IOTHREAD_PARAMS: '402 4.10.0 (domain:domain id:uint params:param[] flags:uint) -> ()',
  DOMAIN_GRAPHICS_RELOAD: '448 10.2.0 (domain:domain type:uint flags:uint) -> ()',

  // domains: disks and block jobs
  DOMAIN_GET_BLOCK_INFO:
    '194 0.8.1 (domain:domain path:string flags:uint) -> (allocation:uhyper capacity:uhyper physical:uhyper)',
  DOMAIN_BLOCK_JOB_ABORT: '237 0.9.4 (domain:domain path:string flags:uint) -> ()',
  DOMAIN_GET_BLOCK_JOB_INFO:
    '238 0.9.4 (domain:domain path:string flags:uint) -> (found:int type:int bandwidth:uhyper cur:uhyper end:uhyper)',
  DOMAIN_BLOCK_JOB_SET_SPEED:
    '239 0.9.4 (domain:domain path:string bandwidth:uhyper flags:uint) -> ()',
  DOMAIN_BLOCK_PULL: '240 0.9.4 (domain:domain path:string bandwidth:uhyper flags:uint) -> ()',
  DOMAIN_BLOCK_RESIZE: '251 0.9.8 (domain:domain disk:string size:uhyper flags:uint) -> ()',
  DOMAIN_SET_BLOCK_IO_TUNE: '252 0.9.8 (domain:domain disk:string params:param[] flags:uint) -> ()',
  DOMAIN_GET_BLOCK_IO_TUNE:
    '253 0.9.8 (domain:domain disk:string? nparams:int flags:uint) -> (params:param[] nparams:int)',
  DOMAIN_GET_DISK_ERRORS:
    '263 0.9.10 (domain:domain maxErrors:uint flags:uint) -> (errors:diskError[] count:int)',
  DOMAIN_BLOCK_REBASE:
    '266 0.9.10 (domain:domain path:string base:string? bandwidth:uhyper flags:uint) -> ()',
  DOMAIN_BLOCK_COMMIT:
    '290 0.10.2 (domain:domain disk:string base:string? top:string? bandwidth:uhyper flags:uint) -> ()',
  DOMAIN_BLOCK_COPY:
    '345 1.2.8 (domain:domain path:string destXml:string params:param[] flags:uint) -> ()',
  DOMAIN_SET_BLOCK_THRESHOLD:
    '386 3.1.0 (domain:domain device:string threshold:uhyper flags:uint) -> ()',
  DOMAIN_SET_THROTTLE_GROUP:
    '451 11.2.0 (domain:domain group:string params:param[] flags:uint) -> ()',
  DOMAIN_DEL_THROTTLE_GROUP: '452 11.2.0 (domain:domain group:string? flags:uint) -> ()',
  DOMAIN_ANNOUNCE_INTERFACE:
    '456 12.5.0 (domain:domain device:string? params:param[] flags:uint) -> ()',

  // domains: the guest
  DOMAIN_MIGRATE_SET_MAX_DOWNTIME: '166 0.8.0 (domain:domain downtime:uhyper flags:uint) -> ()',
  DOMAIN_OPEN_CONSOLE: '201 0.8.6 (domain:domain device:string? flags:uint) -> () read',
  DOMAIN_SCREENSHOT: '211 0.9.2 (domain:domain screen:uint flags:uint) -> (mime:string?) read',
  DOMAIN_SEND_KEY:
    '226 0.9.3 (domain:domain codeset:uint holdTime:uint keycodes:uint[] flags:uint) -> ()',
  DOMAIN_GET_HOSTNAME: '277 0.10.0 (domain:domain flags:uint) -> (hostname:string)',
  DOMAIN_FSTRIM: '294 1.0.1 (domain:domain mountpoint:string? minimum:uhyper flags:uint) -> ()',
  DOMAIN_SEND_PROCESS_SIGNAL: '295 1.0.1 (domain:domain pid:hyper signal:uint flags:uint) -> ()',
  DOMAIN_OPEN_CHANNEL: '296 1.0.2 (domain:domain name:string? flags:uint) -> () read',
  DOMAIN_FSFREEZE: '335 1.2.5 (domain:domain mountpoints:string[] flags:uint) -> (filesystems:int)',
  DOMAIN_FSTHAW: '336 1.2.5 (domain:domain mountpoints:string[] flags:uint) -> (filesystems:int)',
  DOMAIN_GET_TIME: '337 1.2.5 (domain:domain flags:uint) -> (seconds:hyper nanoseconds:uint)',
  DOMAIN_SET_TIME: '338 1.2.5 (domain:domain seconds:hyper nanoseconds:uint flags:uint) -> ()',
  DOMAIN_GET_FSINFO: '349 1.2.11 (domain:domain flags:uint) -> (info:fsInfo[] count:uint)',
  DOMAIN_INTERFACE_ADDRESSES:
    '353 1.2.14 (domain:domain source:uint flags:uint) -> (interfaces:interface[])',
  DOMAIN_SET_USER_PASSWORD:
    '357 1.2.16 (domain:domain user:string? password:string? flags:uint) -> ()',
  DOMAIN_MIGRATE_GET_MAX_DOWNTIME: '387 3.7.0 (domain:domain flags:uint) -> (downtime:uhyper)',
  DOMAIN_GET_GUEST_INFO: '418 5.7.0 (domain:domain types:uint flags:uint) -> (params:param[])',
  DOMAIN_AGENT_SET_RESPONSE_TIMEOUT:
    '420 5.10.0 (domain:domain timeout:int flags:uint) -> (result:int)',
  DOMAIN_AUTHORIZED_SSH_KEYS_GET:
    '424 6.10.0 (domain:domain user:string flags:uint) -> (keys:string[])',
  DOMAIN_AUTHORIZED_SSH_KEYS_SET:
    '425 6.10.0 (domain:domain user:string keys:string[] flags:uint) -> ()',

  // domains: snapshots, checkpoints and backups
  DOMAIN_SNAPSHOT_CREATE_XML:
    '185 0.8.0 (domain:domain xml:string flags:uint) -> (snapshot:snapshot)',
  DOMAIN_SNAPSHOT_GET_XML_DESC: '186 0.8.0 (snapshot:snapshot flags:uint) -> (xml:string)',
  DOMAIN_SNAPSHOT_LOOKUP_BY_NAME:
    '189 0.8.0 (domain:domain name:string flags:uint) -> (snapshot:snapshot)',
  DOMAIN_HAS_CURRENT_SNAPSHOT: '190 0.8.0 (domain:domain flags:uint) -> (result:int)',
  DOMAIN_SNAPSHOT_CURRENT: '191 0.8.0 (domain:domain flags:uint) -> (snapshot:snapshot)',
  DOMAIN_REVERT_TO_SNAPSHOT: '192 0.8.0 (snapshot:snapshot flags:uint) -> ()',
  DOMAIN_SNAPSHOT_DELETE: '193 0.8.0 (snapshot:snapshot flags:uint) -> ()',
  DOMAIN_SNAPSHOT_GET_PARENT: '244 0.9.7 (snapshot:snapshot flags:uint) -> (snapshot:snapshot)',
  DOMAIN_SNAPSHOT_IS_CURRENT: '271 0.9.13 (snapshot:snapshot flags:uint) -> (current:int)',
  DOMAIN_SNAPSHOT_HAS_METADATA: '272 0.9.13 (snapshot:snapshot flags:uint) -> (metadata:int)',
  DOMAIN_LIST_ALL_SNAPSHOTS:
    '274 0.9.13 (domain:domain needResults:int flags:uint) -> (snapshots:snapshot[] count:int)',
  DOMAIN_SNAPSHOT_LIST_ALL_CHILDREN:
    '275 0.9.13 (snapshot:snapshot needResults:int flags:uint) -> (snapshots:snapshot[] count:int)',
  DOMAIN_CHECKPOINT_CREATE_XML:
    '411 5.6.0 (domain:domain xml:string flags:uint) -> (checkpoint:checkpoint)',
  DOMAIN_CHECKPOINT_GET_XML_DESC: '412 5.6.0 (checkpoint:checkpoint flags:uint) -> (xml:string)',
  DOMAIN_LIST_ALL_CHECKPOINTS:
    '413 5.6.0 (domain:domain needResults:int flags:uint) -> (checkpoints:checkpoint[] count:int)',
  DOMAIN_CHECKPOINT_LIST_ALL_CHILDREN:
    '414 5.6.0 (checkpoint:checkpoint needResults:int flags:uint) -> (checkpoints:checkpoint[] count:int)',
  DOMAIN_CHECKPOINT_LOOKUP_BY_NAME:
    '415 5.6.0 (domain:domain name:string flags:uint) -> (checkpoint:checkpoint)',
  DOMAIN_CHECKPOINT_GET_PARENT:
    '416 5.6.0 (checkpoint:checkpoint flags:uint) -> (parent:checkpoint)',
  DOMAIN_CHECKPOINT_DELETE: '417 5.6.0 (checkpoint:checkpoint flags:uint) -> ()',
  DOMAIN_BACKUP_BEGIN:
    '421 6.0.0 (domain:domain backupXml:string checkpointXml:string? flags:uint) -> ()',
  DOMAIN_BACKUP_GET_XML_DESC: '422 6.0.0 (domain:domain flags:uint) -> (xml:string)',

  // domains: jobs and migration
  DOMAIN_GET_JOB_INFO:
    '163 0.7.7 (domain:domain) -> (type:int timeElapsed:uhyper timeRemaining:uhyper dataTotal:uhyper dataProcessed:uhyper dataRemaining:uhyper memTotal:uhyper memProcessed:uhyper memRemaining:uhyper fileTotal:uhyper fileProcessed:uhyper fileRemaining:uhyper)',
  DOMAIN_ABORT_JOB: '164 0.7.7 (domain:domain) -> ()',
  DOMAIN_MIGRATE_SET_MAX_SPEED: '207 0.9.0 (domain:domain bandwidth:uhyper flags:uint) -> ()',
  DOMAIN_MIGRATE_GET_MAX_SPEED: '242 0.9.5 (domain:domain flags:uint) -> (bandwidth:uhyper)',
  DOMAIN_GET_JOB_STATS: '298 1.0.3 (domain:domain flags:uint) -> (type:int params:param[])',
  DOMAIN_MIGRATE_GET_COMPRESSION_CACHE:
    '299 1.0.3 (domain:domain flags:uint) -> (cacheSize:uhyper)',
  DOMAIN_MIGRATE_SET_COMPRESSION_CACHE:
    '300 1.0.3 (domain:domain cacheSize:uhyper flags:uint) -> ()',
  DOMAIN_MIGRATE_BEGIN3_PARAMS:
    '302 1.1.0 (domain:domain params:param[] flags:uint) -> (cookieOut:bytes xml:string)',
  DOMAIN_MIGRATE_PREPARE3_PARAMS:
    '303 1.1.0 (params:param[] cookieIn:bytes flags:uint) -> (cookieOut:bytes uriOut:string?)',
  DOMAIN_MIGRATE_PERFORM3_PARAMS:
    '305 1.1.0 (domain:domain dconnUri:string? params:param[] cookieIn:bytes flags:uint) -> (cookieOut:bytes)',
  DOMAIN_MIGRATE_FINISH3_PARAMS:
    '306 1.1.0 (params:param[] cookieIn:bytes flags:uint cancelled:int) -> (domain:domain cookieOut:bytes)',
  DOMAIN_MIGRATE_CONFIRM3_PARAMS:
    '307 1.1.0 (domain:domain params:param[] cookieIn:bytes flags:uint cancelled:int) -> ()',
  DOMAIN_MIGRATE_START_POST_COPY: '364 1.3.3 (domain:domain flags:uint) -> ()',
  DOMAIN_ABORT_JOB_FLAGS: '442 8.5.0 (domain:domain flags:uint) -> ()',

  // networks
  NETWORK_CREATE: '39 0.2.0 (network:network) -> ()',
  NETWORK_DESTROY: '42 0.2.0 (network:network) -> ()',
  NETWORK_GET_XML_DESC: '43 0.2.0 (network:network flags:uint) -> (xml:string)',
  NETWORK_GET_AUTOSTART: '44 0.2.1 (network:network) -> (autostart:int)',
  NETWORK_GET_BRIDGE_NAME: '45 0.2.0 (network:network) -> (name:string)',
  NETWORK_LOOKUP_BY_NAME: '46 0.2.0 (name:string) -> (network:network)',
  NETWORK_LOOKUP_BY_UUID: '47 0.2.0 (uuid:uuid) -> (network:network)',
  NETWORK_SET_AUTOSTART: '48 0.2.1 (network:network autostart:int) -> ()',
  NETWORK_UNDEFINE: '49 0.2.0 (network:network) -> ()',
  NETWORK_IS_ACTIVE: '152 0.7.3 (network:network) -> (active:int)',
  NETWORK_IS_PERSISTENT: '153 0.7.3 (network:network) -> (persistent:int)',
  CONNECT_LIST_ALL_NETWORKS:
    '283 0.10.2 (needResults:int flags:uint) -> (networks:network[] count:uint)',
  NETWORK_UPDATE:
    '291 0.10.2 (network:network command:uint section:uint parentIndex:int xml:string flags:uint) -> ()',
  NETWORK_GET_DHCP_LEASES:
    '341 1.2.6 (network:network mac:string? needResults:int flags:uint) -> (leases:lease[] count:uint)',
  NETWORK_LIST_ALL_PORTS:
    '404 5.5.0 (network:network needResults:int flags:uint) -> (ports:networkPort[] count:uint)',
  NETWORK_PORT_LOOKUP_BY_UUID: '405 5.5.0 (network:network uuid:uuid) -> (port:networkPort)',
  NETWORK_PORT_CREATE_XML:
    '406 5.5.0 (network:network xml:string flags:uint) -> (port:networkPort)',
  NETWORK_PORT_GET_PARAMETERS:
    '407 5.5.0 (port:networkPort nparams:int flags:uint) -> (params:param[] nparams:int)',
  NETWORK_PORT_SET_PARAMETERS: '408 5.5.0 (port:networkPort params:param[] flags:uint) -> ()',
  NETWORK_PORT_GET_XML_DESC: '409 5.5.0 (port:networkPort flags:uint) -> (xml:string)',
  NETWORK_PORT_DELETE: '410 5.5.0 (port:networkPort flags:uint) -> ()',
  NETWORK_DEFINE_XML_FLAGS: '432 7.7.0 (xml:string flags:uint) -> (network:network)',
  NETWORK_CREATE_XML_FLAGS: '437 7.8.0 (xml:string flags:uint) -> (network:network)',
  NETWORK_SET_METADATA:
    '444 9.7.0 (network:network type:int metadata:string? key:string? uri:string? flags:uint) -> ()',
  NETWORK_GET_METADATA:
    '445 9.7.0 (network:network type:int uri:string? flags:uint) -> (metadata:string)',

  // storage
  CONNECT_FIND_STORAGE_POOL_SOURCES:
    '75 0.4.5 (type:string sourceSpec:string? flags:uint) -> (xml:string)',
  STORAGE_POOL_CREATE_XML: '76 0.4.1 (xml:string flags:uint) -> (pool:pool)',
  STORAGE_POOL_DEFINE_XML: '77 0.4.1 (xml:string flags:uint) -> (pool:pool)',
  STORAGE_POOL_CREATE: '78 0.4.1 (pool:pool flags:uint) -> ()',
  STORAGE_POOL_BUILD: '79 0.4.1 (pool:pool flags:uint) -> ()',
  STORAGE_POOL_DESTROY: '80 0.4.1 (pool:pool) -> ()',
  STORAGE_POOL_DELETE: '81 0.4.1 (pool:pool flags:uint) -> ()',
  STORAGE_POOL_UNDEFINE: '82 0.4.1 (pool:pool) -> ()',
  STORAGE_POOL_REFRESH: '83 0.4.1 (pool:pool flags:uint) -> ()',
  STORAGE_POOL_LOOKUP_BY_NAME: '84 0.4.1 (name:string) -> (pool:pool)',
  STORAGE_POOL_LOOKUP_BY_UUID: '85 0.4.1 (uuid:uuid) -> (pool:pool)',
  STORAGE_POOL_LOOKUP_BY_VOLUME: '86 0.4.1 (volume:volume) -> (pool:pool)',
  STORAGE_POOL_GET_INFO:
    '87 0.4.1 (pool:pool) -> (state:uint capacity:uhyper allocation:uhyper available:uhyper)',
  STORAGE_POOL_GET_XML_DESC: '88 0.4.1 (pool:pool flags:uint) -> (xml:string)',
  STORAGE_POOL_GET_AUTOSTART: '89 0.4.1 (pool:pool) -> (autostart:int)',
  STORAGE_POOL_SET_AUTOSTART: '90 0.4.1 (pool:pool autostart:int) -> ()',
  STORAGE_VOL_CREATE_XML: '93 0.4.1 (pool:pool xml:string flags:uint) -> (volume:volume)',
  STORAGE_VOL_DELETE: '94 0.4.1 (volume:volume flags:uint) -> ()',
  STORAGE_VOL_LOOKUP_BY_NAME: '95 0.4.1 (pool:pool name:string) -> (volume:volume)',
  STORAGE_VOL_LOOKUP_BY_KEY: '96 0.4.1 (key:string) -> (volume:volume)',
  STORAGE_VOL_LOOKUP_BY_PATH: '97 0.4.1 (path:string) -> (volume:volume)',
  STORAGE_VOL_GET_INFO: '98 0.4.1 (volume:volume) -> (type:int capacity:uhyper allocation:uhyper)',
  STORAGE_VOL_GET_XML_DESC: '99 0.4.1 (volume:volume flags:uint) -> (xml:string)',
  STORAGE_VOL_GET_PATH: '100 0.4.1 (volume:volume) -> (path:string)',
  STORAGE_VOL_CREATE_XML_FROM:
    '125 0.6.4 (pool:pool xml:string source:volume flags:uint) -> (volume:volume)',
  STORAGE_POOL_IS_ACTIVE: '154 0.7.3 (pool:pool) -> (active:int)',
  STORAGE_POOL_IS_PERSISTENT: '155 0.7.3 (pool:pool) -> (persistent:int)',
  STORAGE_VOL_WIPE: '165 0.8.0 (volume:volume flags:uint) -> ()',
  STORAGE_VOL_UPLOAD:
    '208 0.9.0 (volume:volume offset:uhyper length:uhyper flags:uint) -> () write',
  STORAGE_VOL_DOWNLOAD:
    '209 0.9.0 (volume:volume offset:uhyper length:uhyper flags:uint) -> () read',
  STORAGE_VOL_WIPE_PATTERN: '259 0.9.10 (volume:volume algorithm:uint flags:uint) -> ()',
  STORAGE_VOL_RESIZE: '260 0.9.10 (volume:volume capacity:uhyper flags:uint) -> ()',
  CONNECT_LIST_ALL_STORAGE_POOLS:
    '281 0.10.2 (needResults:int flags:uint) -> (pools:pool[] count:uint)',
  STORAGE_POOL_LIST_ALL_VOLUMES:
    '282 0.10.2 (pool:pool needResults:int flags:uint) -> (volumes:volume[] count:uint)',
  STORAGE_VOL_GET_INFO_FLAGS:
    '378 3.0.0 (volume:volume flags:uint) -> (type:int capacity:uhyper allocation:uhyper)',
  STORAGE_POOL_LOOKUP_BY_TARGET_PATH: '391 4.1.0 (path:string) -> (pool:pool)',
  CONNECT_GET_STORAGE_POOL_CAPABILITIES: '403 5.2.0 (flags:uint) -> (capabilities:string)',

  // secrets and filters
  SECRET_LOOKUP_BY_UUID: '141 0.7.1 (uuid:uuid) -> (secret:secret)',
  SECRET_DEFINE_XML: '142 0.7.1 (xml:string flags:uint) -> (secret:secret)',
  SECRET_GET_XML_DESC: '143 0.7.1 (secret:secret flags:uint) -> (xml:string)',
  SECRET_SET_VALUE: '144 0.7.1 (secret:secret value:bytes flags:uint) -> ()',
  SECRET_GET_VALUE: '145 0.7.1 (secret:secret flags:uint) -> (value:bytes)',
  SECRET_UNDEFINE: '146 0.7.1 (secret:secret) -> ()',
  SECRET_LOOKUP_BY_USAGE: '147 0.7.1 (usageType:int usageId:string) -> (secret:secret)',
  NWFILTER_LOOKUP_BY_NAME: '175 0.8.0 (name:string) -> (nwfilter:nwfilter)',
  NWFILTER_LOOKUP_BY_UUID: '176 0.8.0 (uuid:uuid) -> (nwfilter:nwfilter)',
  NWFILTER_GET_XML_DESC: '177 0.8.0 (nwfilter:nwfilter flags:uint) -> (xml:string)',
  NWFILTER_UNDEFINE: '181 0.8.0 (nwfilter:nwfilter) -> ()',
  CONNECT_LIST_ALL_NWFILTERS:
    '286 0.10.2 (needResults:int flags:uint) -> (filters:nwfilter[] count:uint)',
  CONNECT_LIST_ALL_SECRETS:
    '287 0.10.2 (needResults:int flags:uint) -> (secrets:secret[] count:uint)',
  NWFILTER_BINDING_LOOKUP_BY_PORT_DEV: '397 4.5.0 (name:string) -> (nwfilter:nwfilterBinding)',
  NWFILTER_BINDING_GET_XML_DESC: '398 4.5.0 (nwfilter:nwfilterBinding flags:uint) -> (xml:string)',
  NWFILTER_BINDING_CREATE_XML: '399 4.5.0 (xml:string flags:uint) -> (nwfilter:nwfilterBinding)',
  NWFILTER_BINDING_DELETE: '400 4.5.0 (nwfilter:nwfilterBinding) -> ()',
  CONNECT_LIST_ALL_NWFILTER_BINDINGS:
    '401 4.5.0 (needResults:int flags:uint) -> (bindings:nwfilterBinding[] count:uint)',
  NWFILTER_DEFINE_XML_FLAGS: '431 7.7.0 (xml:string flags:uint) -> (nwfilter:nwfilter)',

  // host devices and interfaces
  NODE_DEVICE_LOOKUP_BY_NAME: '113 0.5.0 (name:string) -> (device:nodeDevice)',
  NODE_DEVICE_GET_XML_DESC: '114 0.5.0 (name:string flags:uint) -> (xml:string)',
  NODE_DEVICE_GET_PARENT: '115 0.5.0 (name:string) -> (parent:string?)',
  NODE_DEVICE_LIST_CAPS: '117 0.5.0 (name:string maxNames:int) -> (names:string[])',
  NODE_DEVICE_RE_ATTACH: '119 0.6.1 (name:string) -> ()',
  NODE_DEVICE_RESET: '120 0.6.1 (name:string) -> ()',
  NODE_DEVICE_CREATE_XML: '123 0.6.3 (xml:string flags:uint) -> (device:nodeDevice)',
  NODE_DEVICE_DESTROY: '124 0.6.3 (name:string) -> ()',
  INTERFACE_LOOKUP_BY_NAME: '128 0.6.4 (name:string) -> (interface:hostInterface)',
  INTERFACE_LOOKUP_BY_MAC_STRING: '129 0.6.4 (mac:string) -> (interface:hostInterface)',
  INTERFACE_GET_XML_DESC: '130 0.6.4 (interface:hostInterface flags:uint) -> (xml:string)',
  INTERFACE_DEFINE_XML: '131 0.6.4 (xml:string flags:uint) -> (interface:hostInterface)',
  INTERFACE_UNDEFINE: '132 0.6.4 (interface:hostInterface) -> ()',
  INTERFACE_CREATE: '133 0.6.4 (interface:hostInterface flags:uint) -> ()',
  INTERFACE_DESTROY: '134 0.6.4 (interface:hostInterface flags:uint) -> ()',
  INTERFACE_IS_ACTIVE: '156 0.7.3 (interface:hostInterface) -> (active:int)',
  INTERFACE_CHANGE_BEGIN: '220 0.9.2 (flags:uint) -> ()',
  INTERFACE_CHANGE_COMMIT: '221 0.9.2 (flags:uint) -> ()',
  INTERFACE_CHANGE_ROLLBACK: '222 0.9.2 (flags:uint) -> ()',
  CONNECT_LIST_ALL_INTERFACES:
    '284 0.10.2 (needResults:int flags:uint) -> (interfaces:hostInterface[] count:uint)',
  CONNECT_LIST_ALL_NODE_DEVICES:
    '285 0.10.2 (needResults:int flags:uint) -> (devices:nodeDevice[] count:uint)',
  NODE_DEVICE_LOOKUP_SCSI_HOST_BY_WWN:
    '297 1.0.3 (wwnn:string wwpn:string flags:uint) -> (device:nodeDevice)',
  NODE_DEVICE_DETACH_FLAGS: '301 1.0.5 (name:string driverName:string? flags:uint) -> ()',
  NODE_DEVICE_DEFINE_XML: '428 7.3.0 (xml:string flags:uint) -> (device:nodeDevice)',
  NODE_DEVICE_UNDEFINE: '429 7.3.0 (name:string flags:uint) -> ()',
  NODE_DEVICE_CREATE: '430 7.3.0 (name:string flags:uint) -> ()',
  NODE_DEVICE_GET_AUTOSTART: '433 7.8.0 (name:string) -> (autostart:int)',
  NODE_DEVICE_SET_AUTOSTART: '434 7.8.0 (name:string autostart:int) -> ()',
  NODE_DEVICE_IS_PERSISTENT: '435 7.8.0 (name:string) -> (persistent:int)',
  NODE_DEVICE_IS_ACTIVE: '436 7.8.0 (name:string) -> (active:int)',
  NODE_DEVICE_UPDATE: '447 10.1.0 (name:string xml:string flags:uint) -> ()',
} as const;

/** The QEMU program's procedures (`QEMU_PROC_`). */
export const qemuProcedures = {
  QEMU_DOMAIN_MONITOR_COMMAND:
    '1 0.8.3 (domain:domain command:string flags:uint) -> (result:string)',
  QEMU_DOMAIN_AGENT_COMMAND:
    '3 0.10.0 (domain:domain command:string timeout:int flags:uint) -> (result:string?)',
  QEMU_CONNECT_DOMAIN_MONITOR_EVENT_REGISTER:
    '4 1.2.3 (domain:domain? event:string? flags:uint) -> (callbackId:int)',
  QEMU_CONNECT_DOMAIN_MONITOR_EVENT_DEREGISTER: '5 1.2.3 (callbackId:int) -> ()',
} as const;
