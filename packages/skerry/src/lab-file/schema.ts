import { z } from 'zod';
import type { LabConfig, MachineConfig, MachineDefaults, NetworkConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { LABEL_PATTERN, NAME_PATTERN } from './host-name.ts';
import { SIZE_PATTERN } from './size.ts';

/** What a field must be, in words. A schema's `error` is a key of this table; validate-shape.ts makes the sentence. */
export const KINDS = {
  lab: {
    expected: 'an object with name and machines',
    example: "{ name: 'demo', machines: { one: {} } }",
  },
  text: { expected: 'a text', example: "'text'" },
  name: { expected: 'a text', example: "name: 'archipelago'" },
  machines: {
    expected: 'an object: the machines by name',
    example: 'machines: { one: {}, two: {} }',
  },
  machine: {
    expected: "an object: the machine's fields",
    example: '{ cpus: 2 }, or {} for all defaults',
  },
  image: { expected: 'the name of an image', example: `image: '${DEFAULTS.image}'` },
  memory: {
    expected: "a size of at least 64 MiB: '512 MiB', '2 GiB', or a number of MiB",
    example: "memory: '2 GiB'",
  },
  cpus: { expected: 'a whole number from 1 to 255', example: 'cpus: 2' },
  flag: { expected: 'true or false', example: 'true' },
  disks: { expected: 'an object: sizes by name, or a list', example: "disks: { data: '10 GiB' }" },
  disk: {
    expected: 'a size, or an object with name and size',
    example: "{ name: 'data', size: '10 GiB' }",
  },
  size: { expected: 'a size with its unit: MiB, GiB or TiB', example: "'10 GiB'" },
  forwards: {
    expected: 'an object: machine ports by host port, or a list',
    example: 'forwards: { 8080: 80 }',
  },
  forward: { expected: 'an object with host and guest', example: '{ host: 8080, guest: 80 }' },
  port: { expected: 'a port from 1 to 65535', example: '8080' },
  network: {
    expected: 'an object with cidr or domain',
    example: "network: { cidr: '10.77.3.0/24' }",
  },
  cidr: { expected: 'an IPv4 network', example: "cidr: '10.77.3.0/24'" },
  address: { expected: 'an IP address', example: "address: '10.77.3.20'" },
} as const;

const kind = (error: keyof typeof KINDS): { error: string } => ({ error });
/** Every key of the interface must be in the schema, so that neither can grow alone. */
type Shape<T> = { [K in keyof Required<T>]: z.ZodType };

const size = z
  .string(kind('size'))
  .regex(SIZE_PATTERN, kind('size'))
  .meta({
    description: 'An amount with its unit.',
    examples: ['512 MiB', '10 GiB'],
  }) as z.ZodType<`${number} MiB`>;
const port = z.int(kind('port')).min(1, kind('port')).max(65_535, kind('port'));
const label = z.string().meta({ pattern: NAME_PATTERN });

const disk = z
  .strictObject(
    {
      name: z
        .string(kind('text'))
        .meta({ description: 'Its name: the serial number the machine sees.', examples: ['data'] }),
      size: size.meta({ description: 'Its size, with the unit.', examples: ['10 GiB'] }),
    },
    kind('disk'),
  )
  .meta({ title: 'disk', description: 'An extra disk of a machine.' });

const forward = z
  .strictObject(
    {
      host: port.meta({ description: 'The TCP port on this host.', examples: [8080] }),
      guest: port.meta({ description: 'The TCP port in the machine.', examples: [80] }),
      address: z
        .string(kind('address'))
        .optional()
        .meta({
          description: 'The address of this host it listens on.',
          default: DEFAULTS.forwardAddress,
          examples: ['0.0.0.0'],
        }),
    },
    kind('forward'),
  )
  .meta({
    title: 'forward',
    description: 'A port of this host that leads to a port of a machine.',
  });

const defaultsShape = {
  image: z
    .string(kind('image'))
    .min(1, kind('image'))
    .optional()
    .meta({
      description: 'The image its disk starts from. `skerry image list` shows the known ones.',
      default: DEFAULTS.image,
      examples: ['debian-12'],
    }),
  memory: z
    .union(
      [
        z.string(kind('memory')).regex(SIZE_PATTERN, kind('memory')) as z.ZodType<`${number} MiB`>,
        z
          .int(kind('memory'))
          .min(64, kind('memory'))
          .max(2 ** 24, kind('memory')),
      ],
      kind('memory'),
    )
    .optional()
    .meta({
      description: 'Memory: a size with its unit, or a number of MiB.',
      default: DEFAULTS.memory,
      examples: ['2 GiB', 2048],
    }),
  cpus: z
    .int(kind('cpus'))
    .min(1, kind('cpus'))
    .max(255, kind('cpus'))
    .optional()
    .meta({
      description: 'How many virtual CPUs it has.',
      default: DEFAULTS.cpus,
      examples: [2],
    }),
  nested: z
    .boolean(kind('flag'))
    .optional()
    .meta({
      description: 'Whether it can run machines itself (nested virtualization).',
      default: DEFAULTS.nested,
      examples: [true],
    }),
  autostart: z
    .boolean(kind('flag'))
    .optional()
    .meta({
      description: 'Whether `skerry up` without names starts it.',
      default: DEFAULTS.autostart,
      examples: [false],
    }),
  disks: z
    .union([z.record(label, size), z.array(z.union([size, disk], kind('disk')))], kind('disks'))
    .optional()
    .meta({
      description: 'Extra, empty disks: sizes by name, or a list.',
      examples: [{ data: '10 GiB' }, ['10 GiB', { name: 'journal', size: '512 MiB' }]],
    }),
} satisfies Shape<MachineDefaults>;

const machineShape = {
  ...defaultsShape,
  primary: z
    .boolean(kind('flag'))
    .optional()
    .meta({
      description:
        'Whether it is the one `skerry ssh` opens when no machine is named. At most one is; without any, the first.',
      default: false,
      examples: [true],
    }),
  hostname: z
    .string(kind('text'))
    .optional()
    .meta({
      description:
        "Its host name (RFC 1123). Without it, the machine's name with `-` for each `_`.",
      pattern: LABEL_PATTERN,
      examples: ['central'],
    }),
  address: z
    .string(kind('address'))
    .optional()
    .meta({
      description:
        "Its IPv4 address inside the lab's network. Without it, one derived from its name.",
      examples: ['10.77.3.20'],
    }),
  forwards: z
    .union(
      [z.record(z.string().meta({ pattern: '^[0-9]+$' }), port), z.array(forward)],
      kind('forwards'),
    )
    .optional()
    .meta({
      description:
        'Ports of this host that lead to ports of the machine (TCP): host port to machine port, or a list.',
      examples: [{ 8080: 80 }, [{ host: 8080, guest: 80, address: '0.0.0.0' }]],
    }),
} satisfies Shape<MachineConfig>;

const networkShape = {
  cidr: z
    .string(kind('cidr'))
    .optional()
    .meta({
      description:
        "The IPv4 network of the lab. Without it, a /24 within 10.64.0.0/10 derived from the lab's name.",
      examples: ['10.77.3.0/24'],
    }),
  domain: z
    .string(kind('text'))
    .optional()
    .meta({
      description: 'The DNS domain of its machines. Without it, `<name of the lab>.test`.',
      examples: ['archipelago.test'],
    }),
} satisfies Shape<NetworkConfig>;

const labShape = {
  $schema: z
    .string(kind('text'))
    .optional()
    .meta({ description: 'The JSON Schema of this file, for editors.' }),
  name: z.string(kind('name')).meta({
    description: 'The name of the lab: a host name (RFC 1123), where `_` counts as `-`.',
    pattern: NAME_PATTERN,
    examples: ['archipelago'],
  }),
  ...defaultsShape,
  network: z
    .strictObject(networkShape, kind('network'))
    .optional()
    .meta({
      title: 'network',
      description: "The lab's own network.",
      examples: [{ cidr: '10.77.3.0/24' }],
    }),
  machines: z
    .record(
      label,
      z
        .strictObject(machineShape, kind('machine'))
        .meta({ title: 'machine', description: 'One machine of a lab.' })
        .nullable(),
      kind('machines'),
    )
    .meta({
      description: 'The machines by name. Names are host names, where `_` counts as `-`.',
      examples: [{ central_server: { primary: true }, agent_1: { nested: true } }],
    }),
} satisfies Shape<LabConfig>;

/** The one schema of `skerry.config.{ts,js,mjs,json,yaml,yml}`. */
export const labSchema: z.ZodType<LabConfig> = z.strictObject(labShape, kind('lab')).meta({
  title: 'lab',
  description: 'A whole lab file. Fields beside `machines` are the defaults of every machine.',
});

/** The known keys of each object of a lab file, for "did you mean". */
export const KEYS: Readonly<
  Record<'lab' | 'machine' | 'network' | 'disk' | 'forward', readonly string[]>
> = {
  lab: Object.keys(labShape).filter((key) => key !== '$schema'),
  machine: Object.keys(machineShape),
  network: Object.keys(networkShape),
  disk: Object.keys(disk.shape),
  forward: Object.keys(forward.shape),
};
