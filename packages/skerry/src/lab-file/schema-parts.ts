// Forms that several parts of a lab file share.
import type { ProbeConfig } from './config-sync.ts';
import { DEFAULTS } from './defaults.ts';
import type { ObjectSchema, Schema, Shape, TextSchema } from './schema-form.ts';

export const text: TextSchema = { kind: 'text', type: 'string' };
export const path: TextSchema = { kind: 'path', type: 'string', minLength: 1 };
export const words: Schema = { kind: 'words', type: 'array', items: text };
export const wordOrWords: Schema = { kind: 'wordOrWords', type: 'union', anyOf: [text, words] };

export const on: Schema = {
  ...wordOrWords,
  description: 'The machines: names or /regular expressions/. Without it, all.',
  examples: ['agent_1', ['/agent_.+/']],
};

export const owner: Schema = {
  ...text,
  description: 'Who owns it in the machines: a user, or `user:group`.',
  default: DEFAULTS.owner,
  examples: ['www-data:www-data'],
};

export const env: Schema = {
  kind: 'texts',
  type: 'record',
  hint: '^[A-Za-z_][A-Za-z0-9_]*$',
  values: text,
  description: 'Its environment.',
  examples: [{ LOG_LEVEL: 'debug' }],
};

export const seconds: Schema = { kind: 'seconds', type: 'integer', minimum: 1, maximum: 86_400 };

const probeShape: Shape<ProbeConfig> = {
  exec: {
    ...text,
    description: 'A shell command, run in the machine as root: ready when its exit code is 0.',
    examples: ['etcdctl endpoint health'],
  },
  tcp: {
    kind: 'port',
    type: 'integer',
    minimum: 1,
    maximum: 65_535,
    description: 'A TCP port of the machine: ready when something listens there.',
    examples: [2379],
  },
  http: {
    kind: 'httpUrl',
    type: 'string',
    pattern: /^http:\/\/[^/:?#\s@[\]]+(:\d{1,5})?([/?#]\S*)?$/i,
    description: 'An address, asked in the machine over IPv4: ready when the answer is 200 to 399.',
    examples: ['http://localhost:8080/health'],
  },
  unit: {
    ...text,
    description: 'A systemd unit: ready when it is active.',
    examples: ['etcd.service'],
  },
  file: {
    ...path,
    description: 'A path in the machine: ready when it exists.',
    examples: ['/run/app.ready'],
  },
  timeout: {
    ...seconds,
    description: 'How many seconds it may take.',
    default: DEFAULTS.probeTimeout,
    examples: [30],
  },
};

const probe: ObjectSchema = {
  kind: 'probe',
  type: 'object',
  title: 'probe',
  description:
    'Something that has to be so before others go on. Exactly one of `exec`, `tcp`, `http`, `unit` and `file`.',
  properties: probeShape,
  required: [],
};

export const probes: Schema = {
  kind: 'probe',
  type: 'union',
  anyOf: [probe, { kind: 'probe', type: 'array', items: probe }],
  examples: [{ tcp: 2379 }, [{ unit: 'etcd.service' }, { http: 'http://localhost:2379/health' }]],
};

export const PROBE_KEYS: readonly string[] = Object.keys(probeShape);
