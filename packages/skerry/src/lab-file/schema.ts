import type {
  DiskConfig,
  ForwardConfig,
  LabConfig,
  MachineConfig,
  MachineDefaults,
  NetworkConfig,
} from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { LABEL_PATTERN, NAME_PATTERN } from './host-name.ts';
import type {
  IntegerSchema,
  ObjectName,
  ObjectSchema,
  Schema,
  Shape,
  TextSchema,
} from './schema-form.ts';
import { PROBE_KEYS, probes, words } from './schema-parts.ts';
import { provision, PROVISION_KEYS, triggers } from './schema-provision.ts';
import { daemons, source, SYNC_KEYS, trees } from './schema-sync.ts';
import { SIZE_PATTERN } from './size.ts';

const size: TextSchema = {
  kind: 'size',
  type: 'string',
  pattern: SIZE_PATTERN,
  description: 'An amount with its unit.',
  examples: ['512 MiB', '10 GiB'],
};
const port: IntegerSchema = { kind: 'port', type: 'integer', minimum: 1, maximum: 65_535 };

const diskShape: Shape<DiskConfig> = {
  name: {
    kind: 'text',
    type: 'string',
    description: 'Its name: the serial number the machine sees.',
    examples: ['data'],
  },
  size: { ...size, description: 'Its size, with the unit.', examples: ['10 GiB'] },
};

const disk: ObjectSchema = {
  kind: 'disk',
  type: 'object',
  title: 'disk',
  description: 'An extra disk of a machine.',
  properties: diskShape,
  required: ['name', 'size'],
};

const forwardShape: Shape<ForwardConfig> = {
  host: { ...port, description: 'The TCP port on this host.', examples: [8080] },
  guest: { ...port, description: 'The TCP port in the machine.', examples: [80] },
  address: {
    kind: 'address',
    type: 'string',
    description: 'The address of this host it listens on.',
    default: DEFAULTS.forwardAddress,
    examples: ['0.0.0.0'],
  },
};

const forward: ObjectSchema = {
  kind: 'forward',
  type: 'object',
  title: 'forward',
  description: 'A port of this host that leads to a port of a machine.',
  properties: forwardShape,
  required: ['host', 'guest'],
};

const defaultsShape: Shape<MachineDefaults> = {
  image: {
    kind: 'image',
    type: 'string',
    minLength: 1,
    description: 'The image its disk starts from. `skerry image list` shows the known ones.',
    default: DEFAULTS.image,
    examples: ['debian-12'],
  },
  memory: {
    kind: 'memory',
    type: 'union',
    anyOf: [
      { kind: 'memory', type: 'string', pattern: SIZE_PATTERN },
      { kind: 'memory', type: 'integer', minimum: 64, maximum: 2 ** 24 },
    ],
    description: 'Memory: a size with its unit, or a number of MiB.',
    default: DEFAULTS.memory,
    examples: ['2 GiB', 2048],
  },
  cpus: {
    kind: 'cpus',
    type: 'integer',
    minimum: 1,
    maximum: 255,
    description: 'How many virtual CPUs it has.',
    default: DEFAULTS.cpus,
    examples: [2],
  },
  nested: {
    kind: 'flag',
    type: 'boolean',
    description: 'Whether it can run machines itself (nested virtualization).',
    default: DEFAULTS.nested,
    examples: [true],
  },
  packages: {
    ...words,
    description:
      'Debian packages its image has besides its own. They are put into an image of their own when it is first needed.',
    examples: [['etcd-server', 'etcd-client']],
  },
  autostart: {
    kind: 'flag',
    type: 'boolean',
    description: 'Whether `skerry up` without names starts it.',
    default: DEFAULTS.autostart,
    examples: [false],
  },
  disks: {
    kind: 'disks',
    type: 'union',
    anyOf: [
      { kind: 'disks', type: 'record', hint: NAME_PATTERN, values: size },
      {
        kind: 'disks',
        type: 'array',
        items: { kind: 'disk', type: 'union', anyOf: [size, disk] },
      },
    ],
    description: 'Extra, empty disks: sizes by name, or a list.',
    examples: [{ data: '10 GiB' }, ['10 GiB', { name: 'journal', size: '512 MiB' }]],
  },
};

const machineShape: Shape<MachineConfig> = {
  ...defaultsShape,
  primary: {
    kind: 'flag',
    type: 'boolean',
    description:
      'Whether it is the one `skerry ssh` opens when no machine is named. At most one is; without any, the first.',
    default: false,
    examples: [true],
  },
  hostname: {
    kind: 'text',
    type: 'string',
    description: "Its host name (RFC 1123). Without it, the machine's name with `-` for each `_`.",
    hint: LABEL_PATTERN,
    examples: ['central'],
  },
  address: {
    kind: 'address',
    type: 'string',
    description:
      "Its IPv4 address inside the lab's network. Without it, one derived from its name.",
    examples: ['10.77.3.20'],
  },
  forwards: {
    kind: 'forwards',
    type: 'union',
    anyOf: [
      { kind: 'forwards', type: 'record', hint: '^[0-9]+$', values: port },
      { kind: 'forwards', type: 'array', items: forward },
    ],
    description:
      'Ports of this host that lead to ports of the machine (TCP): host port to machine port, or a list.',
    examples: [{ 8080: 80 }, [{ host: 8080, guest: 80, address: '0.0.0.0' }]],
  },
  dependsOn: {
    ...words,
    description: 'Machines that are ready, and provisioned, before this one is provisioned.',
    examples: [['central_server']],
  },
  ready: {
    ...probes,
    description: 'When it counts as ready for those that depend on it, after its provisioners.',
  },
};

const networkShape: Shape<NetworkConfig> = {
  cidr: {
    kind: 'cidr',
    type: 'string',
    description:
      "The IPv4 network of the lab. Without it, a /24 within 10.64.0.0/10 derived from the lab's name.",
    examples: ['10.77.3.0/24'],
  },
  domain: {
    kind: 'text',
    type: 'string',
    description: 'The DNS domain of its machines. Without it, `<name of the lab>.test`.',
    examples: ['archipelago.test'],
  },
};

const machine: ObjectSchema = {
  kind: 'machine',
  type: 'object',
  title: 'machine',
  description: 'One machine of a lab.',
  properties: machineShape,
  required: [],
};

const labShape: Shape<LabConfig> = {
  $schema: {
    kind: 'text',
    type: 'string',
    description: 'The JSON Schema of this file, for editors.',
  },
  name: {
    kind: 'name',
    type: 'string',
    description: 'The name of the lab: a host name (RFC 1123), where `_` counts as `-`.',
    hint: NAME_PATTERN,
    examples: ['archipelago'],
  },
  ...defaultsShape,
  network: {
    kind: 'network',
    type: 'object',
    title: 'network',
    description: "The lab's own network.",
    examples: [{ cidr: '10.77.3.0/24' }],
    properties: networkShape,
    required: [],
  },
  machines: {
    kind: 'machines',
    type: 'record',
    hint: NAME_PATTERN,
    values: {
      kind: 'machine',
      type: 'union',
      anyOf: [machine, { kind: 'machine', type: 'null' }],
    },
    description: 'The machines by name. Names are host names, where `_` counts as `-`.',
    examples: [{ central_server: { primary: true }, agent_1: { nested: true } }],
  },
  source,
  tree: trees,
  provision,
  daemons,
  triggers,
};

/** The one schema of `skerry.config.{ts,js,mjs,json,yaml,yml}`. */
export const labSchema: Schema = {
  kind: 'lab',
  type: 'object',
  title: 'lab',
  description: 'A whole lab file. Fields beside `machines` are the defaults of every machine.',
  properties: labShape,
  required: ['name', 'machines'],
};

/** The known keys of each object of a lab file, for "did you mean". */
export const KEYS: Readonly<Record<ObjectName, readonly string[]>> = {
  lab: Object.keys(labShape).filter((key) => key !== '$schema'),
  machine: Object.keys(machineShape),
  network: Object.keys(networkShape),
  disk: Object.keys(diskShape),
  forward: Object.keys(forwardShape),
  probe: PROBE_KEYS,
  ...SYNC_KEYS,
  ...PROVISION_KEYS,
};
