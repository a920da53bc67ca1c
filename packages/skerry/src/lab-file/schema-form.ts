// What schema.ts is written in: forms of values, and the words for what does not have its form.
import { DEFAULTS } from './defaults.ts';

/**
 * What a field must be, in words. Each part of the schema names one; validate-shape.ts makes the
 * sentence.
 */
export const KINDS = {
  lab: {
    expected: 'an object with name and machines',
    example: "{ name: 'demo', machines: { one: {} } }",
  },
  source: {
    expected: 'an object with the url of a superproject',
    example: "source: { url: 'git@example.org:product/all.git', ref: '3.11' }",
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
  words: { expected: 'a list of texts', example: "['one', 'two']" },
  wordOrWords: { expected: 'a text or a list of texts', example: "'one', or ['one', 'two']" },
  texts: { expected: 'an object: texts by name', example: "{ NAME: 'value' }" },
  facts: { expected: 'an object: texts, numbers or flags by name', example: "{ role: 'web' }" },
  fact: { expected: 'a text, a number or a flag', example: "'web'" },
  data: { expected: 'an object', example: '{ key: [1, 2] }' },
  anything: { expected: 'anything', example: '1' },
  groups: { expected: 'an object: machines by group', example: "{ web: ['one', 'two'] }" },
  seconds: { expected: 'a number of seconds from 1 to 86400', example: 'timeout: 60' },
  path: { expected: 'a path', example: "'scripts/setup.sh'" },
  hostOrVmPath: {
    expected: "a path, or ['vm', path] or ['host', path]",
    example: "['vm', '/etc/puppet/manifests']",
  },
  mode: { expected: 'permissions in octal, as a text', example: "mode: '0644'" },
  tree: {
    expected: 'an object with from and to, or a list of such',
    example: "tree: { from: '.', to: '/srv/src' }",
  },
  treeMode: { expected: "'push', 'share' or 'pull'", example: "mode: 'push'" },
  probe: {
    expected: 'an object with exec, tcp, http, unit or file, or a list of such',
    example: '{ tcp: 8080 }',
  },
  provision: {
    expected: 'an object: provisioners by name',
    example: "provision: { base: { shell: 'apt-get update' } }",
  },
  provisioner: {
    expected: 'an object with shell, file, puppet, ansible or cloudInit',
    example: "{ shell: 'apt-get update' }",
  },
  run: { expected: "'once', 'always' or 'never'", example: "run: 'always'" },
  phase: { expected: "'machine' or 'afterAllUp'", example: "phase: 'afterAllUp'" },
  shell: {
    expected: 'a command, or an object with inline or script',
    example: "{ script: 'setup.sh' }",
  },
  file: { expected: 'an object with from and to', example: "{ from: 'motd', to: '/etc/motd' }" },
  puppet: { expected: "an object: puppet's options", example: "{ manifestsPath: 'manifests' }" },
  ansible: { expected: 'an object with playbook', example: "{ playbook: 'site.yml' }" },
  ansibleMode: { expected: "'host' or 'local'", example: "mode: 'local'" },
  cloudInit: {
    expected: 'an object with userData or userDataFile',
    example: "{ userDataFile: 'user-data.yaml' }",
  },
  triggers: {
    expected: 'a list of commands with before or after',
    example: "triggers: [{ after: 'up', run: 'echo up' }]",
  },
  trigger: {
    expected: 'an object with run, and before or after',
    example: "{ after: 'up', run: 'echo up' }",
  },
  action: {
    expected: "'up', 'halt', 'reload', 'destroy', 'provision' or 'sync'",
    example: "after: 'up'",
  },
  onError: { expected: "'halt' or 'continue'", example: "onError: 'continue'" },
  daemons: {
    expected: 'an object: daemons by name',
    example: "daemons: { web: { command: 'python3 -m http.server' } }",
  },
  daemon: {
    expected: 'an object with command or unit',
    example: "{ command: 'python3 -m http.server' }",
  },
  build: { expected: 'a command, or an object with command', example: "build: 'make'" },
} as const;

/** The objects of a lab file. */
export type ObjectName = keyof typeof OBJECTS;

/** What an object is called in a sentence. */
export const OBJECTS = {
  lab: 'the lab',
  machine: 'machine',
  network: 'network',
  disk: 'a disk',
  forward: 'a forward',
  source: 'the source',
  tree: 'a tree',
  probe: 'a probe',
  provisioner: 'provisioner',
  shell: 'a shell provisioner',
  file: 'a file provisioner',
  puppet: 'a puppet provisioner',
  ansible: 'an ansible provisioner',
  cloudInit: 'a cloud-init provisioner',
  trigger: 'a trigger',
  daemon: 'daemon',
  build: 'a build',
} as const;

/** Every key of the interface must be in the schema, so that neither can grow alone. */
export type Shape<T> = { readonly [K in keyof Required<T>]: Schema };

/** What is said of a field besides its form: for editors and for the reference. */
interface Notes {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

interface Base extends Notes {
  readonly kind: keyof typeof KINDS;
}

/** The form of a value: JSON Schema (draft 2020-12), as far as a lab file needs it, and the words for mistakes. */
export type Schema =
  | TextSchema
  | IntegerSchema
  | ObjectSchema
  | RecordSchema
  | (Base & { readonly type: 'boolean' | 'null' | 'number' | 'any' })
  | (Base & { readonly type: 'array'; readonly items: Schema })
  | UnionSchema;

export interface TextSchema extends Base {
  readonly type: 'string';
  readonly minLength?: number;
  readonly pattern?: RegExp;
  /** The texts there are. */
  readonly enum?: readonly string[];
  /** For editors only: the checks of names say better what is wrong. */
  readonly hint?: string;
}

export interface IntegerSchema extends Base {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum: number;
}

/** An object with these fields and no others. */
export interface ObjectSchema extends Base {
  readonly type: 'object';
  readonly title: ObjectName;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
}

/** An object with any keys. */
interface RecordSchema extends Base {
  readonly type: 'record';
  /** What keys look like, for editors only. */
  readonly hint: string;
  readonly values: Schema;
}

/** One of several forms, no two of the same type. */
interface UnionSchema extends Base {
  readonly type: 'union';
  readonly anyOf: readonly Schema[];
}
