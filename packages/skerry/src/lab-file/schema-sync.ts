import type { BuildConfig, DaemonConfig, SourceConfig, TreeConfig } from './config-sync.ts';
import { DEFAULTS } from './defaults.ts';
import { NAME_PATTERN } from './host-name.ts';
import type { ObjectSchema, Schema, Shape } from './schema-form.ts';
import { env, on, owner, path, probes, text, wordOrWords, words } from './schema-parts.ts';

const sourceShape: Shape<SourceConfig> = {
  url: {
    ...text,
    description: 'Where it is cloned from.',
    examples: ['git@example.org:product/all.git'],
  },
  ref: {
    ...text,
    description:
      'The branch or tag to begin with; without it, the default branch. What is checked out later is yours to say.',
    examples: ['3.11'],
  },
  to: {
    ...path,
    description: 'The folder it is in, relative to the lab file.',
    default: DEFAULTS.source,
    examples: ['src'],
  },
};

export const source: ObjectSchema = {
  kind: 'source',
  type: 'object',
  title: 'source',
  description:
    'The superproject that this lab runs. `skerry up` clones it where it is missing; without `tree`, it is kept equal in all machines, at /srv/src.',
  examples: [{ url: 'git@example.org:product/all.git', ref: '3.11' }],
  properties: sourceShape,
  required: ['url'],
};

const treeShape: Shape<TreeConfig> = {
  from: {
    ...path,
    description:
      "What is copied: a folder of this host, relative to the lab file. With `mode: 'pull'` an absolute folder of the machine.",
    examples: ['.'],
  },
  to: {
    ...path,
    description:
      "Where it goes: an absolute folder in the machines. With `mode: 'pull'` a folder of this host, relative to the lab file.",
    examples: ['/srv/src'],
  },
  on: {
    ...on,
    description:
      'The machines it is in: names or /regular expressions/. Without it, all; a tree that is pulled has exactly one.',
  },
  exclude: {
    ...words,
    description: 'What is left out besides what .gitignore names, in the same words.',
    examples: [['build/', '*.log']],
  },
  mode: {
    kind: 'treeMode',
    type: 'string',
    enum: ['push', 'share', 'pull'],
    description:
      "`push`: changes here are written in the machines as they are made. `share`: the machines see this host's folder itself. `pull`: changes in the machine are written here.",
    default: DEFAULTS.treeMode,
    examples: ['pull'],
  },
  owner: { ...owner, description: 'Who owns the files in the machines: a user, or `user:group`.' },
};

const tree: ObjectSchema = {
  kind: 'tree',
  type: 'object',
  title: 'tree',
  description: 'A folder that is kept equal in machines, or brought from one.',
  properties: treeShape,
  required: ['from', 'to'],
};

export const trees: Schema = {
  kind: 'tree',
  type: 'union',
  anyOf: [tree, { kind: 'tree', type: 'array', items: tree }],
  description: 'Folders that are kept equal in machines: one, or a list.',
  examples: [{ from: '.', to: '/srv/src', exclude: ['build/'] }],
};

const buildShape: Shape<BuildConfig> = {
  command: { ...text, description: 'A shell command.', examples: ['make agent'] },
  on: {
    ...text,
    description:
      "The machine it runs in; without it, this host. What it makes there has to be a tree with `mode: 'pull'`.",
    examples: ['builder'],
  },
  cwd: {
    ...path,
    description: 'The folder it runs in: here relative to the lab file, in a machine absolute.',
    examples: ['agent'],
  },
};

const build: ObjectSchema = {
  kind: 'build',
  type: 'object',
  title: 'build',
  description: 'How a daemon is built.',
  properties: buildShape,
  required: ['command'],
};

const daemonShape: Shape<DaemonConfig> = {
  on: {
    ...on,
    description: 'The machines it runs in: names or /regular expressions/. Without it, all.',
  },
  command: {
    ...wordOrWords,
    description:
      "The program and its arguments; a single text is run by a shell. The image has to have it: `packages: ['python3']`.",
    examples: ['python3 server.py --port 8080'],
  },
  unit: {
    ...text,
    description:
      'A systemd unit that is in the machines already, such as one that a package brought.',
    examples: ['etcd.service'],
  },
  cwd: {
    ...path,
    description:
      'The folder it runs in. Without it, the place of the first tree in its machines, or `/`.',
    examples: ['/srv/src'],
  },
  env: { ...env, description: "Its environment, besides systemd's." },
  user: { ...text, description: 'The user it runs as.', default: 'root', examples: ['nobody'] },
  build: {
    kind: 'build',
    type: 'union',
    anyOf: [text, build],
    description:
      'What makes it from its source, once for all machines, before they get it: a command of this host, or more.',
    examples: ['make agent', { command: 'make', on: 'builder', cwd: '/srv/src' }],
  },
  watch: {
    ...words,
    description:
      'The files it is made of, relative to the lab file, in the words of .gitignore: `skerry hack` restarts it when one of them changes. Without it, all files of the trees in its machines; of a `unit`, none.',
    examples: [['src/**']],
  },
  ready: { ...probes, description: 'When it counts as ready. Without it, when it runs.' },
  dependsOn: {
    ...words,
    description: 'Daemons that are ready before this one starts.',
    examples: [['database']],
  },
  stop: {
    ...text,
    description: 'A shell command that ends it. Without it, SIGTERM does.',
    examples: ['./server --stop'],
  },
};

const daemon: ObjectSchema = {
  kind: 'daemon',
  type: 'object',
  title: 'daemon',
  description:
    'A program of yours in machines, watched over by systemd there. Exactly one of `command` and `unit`.',
  properties: daemonShape,
  required: [],
};

export const daemons: Schema = {
  kind: 'daemons',
  type: 'record',
  hint: NAME_PATTERN,
  values: daemon,
  description: 'Your programs in the machines, by name.',
  examples: [{ web: { on: 'agent_1', command: 'python3 -m http.server', watch: ['src/**'] } }],
};

export const SYNC_KEYS = {
  source: Object.keys(sourceShape),
  tree: Object.keys(treeShape),
  daemon: Object.keys(daemonShape),
  build: Object.keys(buildShape),
} as const;
