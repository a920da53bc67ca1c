import type {
  AnsibleConfig,
  CloudInitConfig,
  FileConfig,
  ProvisionerConfig,
  PuppetConfig,
  ShellConfig,
  TriggerConfig,
} from './config-provision.ts';
import { DEFAULTS } from './defaults.ts';
import { NAME_PATTERN } from './host-name.ts';
import type { ObjectSchema, Schema, Shape } from './schema-form.ts';
import { env, on, owner, path, seconds, text, wordOrWords, words } from './schema-parts.ts';

const anything: Schema = { kind: 'anything', type: 'any' };
const data: Schema = { kind: 'data', type: 'record', hint: '', values: anything };
const hostOrVmPath: Schema = {
  kind: 'hostOrVmPath',
  type: 'union',
  anyOf: [path, { kind: 'hostOrVmPath', type: 'array', items: path }],
};

const shellShape: Shape<ShellConfig> = {
  inline: { ...text, description: 'The commands.', examples: ['systemctl enable --now etcd'] },
  script: {
    ...path,
    description:
      'A script of this host, relative to the lab file. It needs no shebang: without one, a shell runs it.',
    examples: ['scripts/setup.sh'],
  },
  args: { ...words, description: 'Its arguments.', examples: [['--fast']] },
  env,
  privileged: {
    kind: 'flag',
    type: 'boolean',
    description:
      'Whether it runs as root. Otherwise as `user`. Who names a `user` need not say `false`.',
    default: true,
    examples: [false],
  },
  user: {
    ...text,
    description: 'The user it runs as when it is not privileged.',
    default: DEFAULTS.shellUser,
    examples: ['www-data'],
  },
  reboot: {
    kind: 'flag',
    type: 'boolean',
    description: 'Whether the machine is started anew when it has succeeded.',
    default: false,
    examples: [true],
  },
};

const fileShape: Shape<FileConfig> = {
  from: {
    ...path,
    description: 'A file or folder of this host, relative to the lab file.',
    examples: ['etc/app.conf'],
  },
  to: {
    ...path,
    description: 'Where it goes in the machine: an absolute path.',
    examples: ['/etc/app.conf'],
  },
  owner: { ...owner, description: 'Who owns it there: a user, or `user:group`.' },
  mode: {
    kind: 'mode',
    type: 'string',
    pattern: /^0?[0-7]{3}$/,
    description: 'Its permissions, in octal. Without it, those it has here.',
    examples: ['0600'],
  },
};

const puppetShape: Shape<PuppetConfig> = {
  binaryPath: {
    ...path,
    description: 'The folder of the `puppet` program in the machine.',
    examples: ['/opt/puppetlabs/bin'],
  },
  environment: {
    ...text,
    description: "The environment's name. Without it, `production` where `environmentPath` is set.",
    examples: ['production'],
  },
  environmentPath: {
    ...hostOrVmPath,
    description: "The folder of the environments, on this host or in the machine (`['vm', path]`).",
    examples: ['puppet/environments'],
  },
  environmentVariables: { ...env, description: 'Environment variables of the command.' },
  facter: {
    kind: 'facts',
    type: 'record',
    hint: '^[a-z0-9_]+$',
    values: {
      kind: 'fact',
      type: 'union',
      anyOf: [text, { kind: 'fact', type: 'number' }, { kind: 'fact', type: 'boolean' }],
    },
    description: 'Facts, as texts.',
    examples: [{ role: 'web' }],
  },
  structuredFacts: {
    ...data,
    description: 'Facts with a structure.',
    examples: [{ cluster: { members: ['agent_1', 'agent_2'] } }],
  },
  hieraConfigPath: {
    ...path,
    description: "Hiera's configuration, on this host.",
    examples: ['puppet/hiera.yaml'],
  },
  manifestFile: {
    ...path,
    description: 'The manifest, within `manifestsPath`, or within the environment.',
    default: DEFAULTS.manifestFile,
    examples: ['site.pp'],
  },
  manifestsPath: {
    ...hostOrVmPath,
    description: "The folder of the manifests, on this host or in the machine (`['vm', path]`).",
    default: DEFAULTS.manifestsPath,
    examples: ['puppet/manifests', ['vm', '/etc/puppet/manifests']],
  },
  modulePath: {
    ...wordOrWords,
    description: 'Folders of modules, on this host.',
    examples: ['puppet/modules'],
  },
  options: {
    ...wordOrWords,
    description: 'More options for `puppet apply`.',
    examples: [['--verbose']],
  },
  syncedFolderType: {
    ...text,
    description: "Accepted for Vagrant's sake: the folders are always pushed.",
    examples: ['rsync'],
  },
  syncedFolderArgs: {
    ...words,
    description:
      "Accepted for Vagrant's sake: names that are left out of what is pushed, after `--exclude`.",
    examples: [['--exclude', 'spec/']],
  },
  tempDir: {
    ...path,
    description: 'Where the folders go in the machine.',
    default: DEFAULTS.puppetTempDir,
    examples: ['/var/tmp/puppet'],
  },
  workingDirectory: {
    ...path,
    description: 'The folder of the machine that the command runs in.',
    examples: ['/srv'],
  },
  timeout: {
    ...seconds,
    description: 'How many seconds it may take.',
    default: DEFAULTS.puppetTimeout,
    examples: [600],
  },
};

const ansibleShape: Shape<AnsibleConfig> = {
  playbook: {
    ...path,
    description: 'The playbook, relative to the lab file.',
    examples: ['ansible/site.yml'],
  },
  mode: {
    kind: 'ansibleMode',
    type: 'string',
    enum: ['host', 'local'],
    description: 'Where Ansible runs: on this host, or in each machine by itself (`local`).',
    default: DEFAULTS.ansibleMode,
    examples: ['local'],
  },
  extraVars: { ...data, description: 'Variables.', examples: [{ port: 8080 }] },
  groups: {
    kind: 'groups',
    type: 'record',
    hint: '^[A-Za-z_][A-Za-z0-9_]*$',
    values: words,
    description: 'Groups of the inventory: names of machines by group.',
    examples: [{ agents: ['agent_1', 'agent_2'] }],
  },
  options: {
    ...words,
    description: 'More options for `ansible-playbook`.',
    examples: [['--diff']],
  },
};

const cloudInitShape: Shape<CloudInitConfig> = {
  userData: {
    ...text,
    description: 'The user data: `#cloud-config` and so on.',
    examples: ['#cloud-config\nwrite_files:\n  - path: /etc/motd\n    content: hello\n'],
  },
  userDataFile: {
    ...path,
    description: 'A file of this host that holds it, relative to the lab file.',
    examples: ['user-data.yaml'],
  },
  metaData: {
    ...data,
    description:
      'More fields of the meta data. `instance-id` and `local-hostname` are there already.',
    examples: [{ role: 'web' }],
  },
};

const shell: ObjectSchema = {
  kind: 'shell',
  type: 'object',
  title: 'shell',
  description: 'A shell provisioner. Exactly one of `inline` and `script`.',
  properties: shellShape,
  required: [],
};

const provisionerShape: Shape<ProvisionerConfig> = {
  shell: {
    kind: 'shell',
    type: 'union',
    anyOf: [text, shell],
    description: 'A shell command, or a script.',
    examples: ['apt-get update', { script: 'scripts/setup.sh', args: ['--fast'] }],
  },
  file: {
    kind: 'file',
    type: 'object',
    title: 'file',
    description: 'A file or folder of this host that is copied.',
    properties: fileShape,
    required: ['from', 'to'],
  },
  puppet: {
    kind: 'puppet',
    type: 'object',
    title: 'puppet',
    description: "`puppet apply`, with the options of Vagrant's `puppet` provisioner.",
    properties: puppetShape,
    required: [],
  },
  ansible: {
    kind: 'ansible',
    type: 'object',
    title: 'ansible',
    description: 'An Ansible playbook, run on this host over ssh, or in the machine.',
    properties: ansibleShape,
    required: ['playbook'],
  },
  cloudInit: {
    kind: 'cloudInit',
    type: 'object',
    title: 'cloudInit',
    description: 'A cloud-init document (NoCloud). Exactly one of `userData` and `userDataFile`.',
    properties: cloudInitShape,
    required: [],
  },
  run: {
    kind: 'run',
    type: 'string',
    enum: ['once', 'always', 'never'],
    description:
      '`once`: not again until it changes. `always`: at each `up`. `never`: only when it is named.',
    default: DEFAULTS.run,
    examples: ['always'],
  },
  on: {
    ...on,
    description: 'The machines it is for: names or /regular expressions/. Without it, all.',
  },
  before: {
    ...text,
    description:
      'The provisioner it comes before; without `before` and `after` they run in the order of the file.',
    examples: ['app'],
  },
  after: { ...text, description: 'The provisioner it comes after.', examples: ['base'] },
  phase: {
    kind: 'phase',
    type: 'string',
    enum: ['machine', 'afterAllUp'],
    description:
      '`machine`: as soon as its machine is ready. `afterAllUp`: when all machines of the lab are, provisioned and all.',
    default: DEFAULTS.phase,
    examples: ['afterAllUp'],
  },
};

export const provision: Schema = {
  kind: 'provision',
  type: 'record',
  hint: NAME_PATTERN,
  values: {
    kind: 'provisioner',
    type: 'object',
    title: 'provisioner',
    description:
      'What can be done to a machine once it is ready. Exactly one of `shell`, `file`, `puppet`, `ansible`, `cloudInit`.',
    properties: provisionerShape,
    required: [],
  },
  description: 'What is done to machines once they are ready: provisioners by name, in this order.',
  examples: [
    {
      base: { shell: 'apt-get update' },
      app: { puppet: { manifestsPath: 'puppet', modulePath: 'puppet/modules' }, on: 'agent_1' },
    },
  ],
};

const action: Schema = {
  kind: 'action',
  type: 'string',
  enum: ['up', 'halt', 'reload', 'destroy', 'provision', 'sync'],
};
const actions: Schema = {
  kind: 'action',
  type: 'union',
  anyOf: [action, { kind: 'action', type: 'array', items: action }],
};

const triggerShape: Shape<TriggerConfig> = {
  before: { ...actions, description: 'What it comes before.', examples: ['destroy'] },
  after: { ...actions, description: 'What it comes after.', examples: [['up', 'reload']] },
  run: { ...text, description: 'A shell command.', examples: ['make test'] },
  on: {
    ...on,
    description:
      'The machines it runs in: names or /regular expressions/. Without it, this host, in the folder of the lab file.',
  },
  onError: {
    kind: 'onError',
    type: 'string',
    enum: ['halt', 'continue'],
    description: 'What its failure means: `halt` ends the command, `continue` only says so.',
    default: DEFAULTS.onError,
    examples: ['continue'],
  },
};

export const triggers: Schema = {
  kind: 'triggers',
  type: 'array',
  items: {
    kind: 'trigger',
    type: 'object',
    title: 'trigger',
    description:
      'A command before or after something happens to the lab. Exactly one of `before` and `after`.',
    properties: triggerShape,
    required: ['run'],
  },
  description: 'Commands before or after something happens.',
  examples: [[{ after: 'up', run: 'echo up' }]],
};

export const PROVISION_KEYS = {
  provisioner: Object.keys(provisionerShape),
  shell: Object.keys(shellShape),
  file: Object.keys(fileShape),
  puppet: Object.keys(puppetShape),
  ansible: Object.keys(ansibleShape),
  cloudInit: Object.keys(cloudInitShape),
  trigger: Object.keys(triggerShape),
} as const;
