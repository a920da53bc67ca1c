/**
 * The structs that procedures share, as `field:type` words. Types: int uint (32 bit), hyper uhyper
 * (64 bit, bigint), double, string, bytes, uuid, char32 (libvirt's `char[32]`, 4 bytes a char),
 * param (a typed parameter), or a struct named here. `?` may be null, `[]` is an array.
 */
export const structs = {
  domain: 'name:string uuid:uuid id:int',
  network: 'name:string uuid:uuid',
  pool: 'name:string uuid:uuid',
  volume: 'pool:string name:string key:string',
  secret: 'uuid:uuid usageType:int usageId:string',
  nwfilter: 'name:string uuid:uuid',
  snapshot: 'name:string domain:domain',
  checkpoint: 'name:string domain:domain',
  nwfilterBinding: 'portDevice:string filter:string',
  nodeDevice: 'name:string',
  hostInterface: 'name:string mac:string',
  networkPort: 'network:network uuid:uuid',
  statsRecord: 'domain:domain params:param[]',
  memoryStat: 'tag:int value:uhyper',
  nodeStat: 'field:string value:uhyper',
  address: 'type:int addr:string prefix:uint',
  interface: 'name:string hwaddr:string? addrs:address[]',
  fsInfo: 'mountpoint:string name:string type:string devices:string[]',
  diskError: 'disk:string error:int',
  vcpuInfo: 'number:uint state:int cpuTime:uhyper cpu:int',
  ioThread: 'id:uint cpuMap:bytes',
  graphicsAddress: 'family:int node:string service:string',
  graphicsIdentity: 'type:string name:string',
  lease:
    'iface:string expiryTime:hyper type:int mac:string? iaid:string? ipaddr:string prefix:uint hostname:string? clientid:string?',
  error:
    'code:int domain:int message:string? level:int dom:domain? str1:string? str2:string? str3:string? int1:int int2:int net:network?',
} as const;
