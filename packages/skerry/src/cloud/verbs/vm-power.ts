// Power, size and place of a machine.
import { z } from 'zod';
import { hypervisorName } from '../entity.ts';
import { defineVerb, type Verb } from './verb.ts';

const nothing = z.object({});
const OFF = ['shutoff', 'crashed'] as const;
const ON = ['running', 'paused', 'shutting-down', 'blocked', 'sleeping', 'crashed'] as const;

export const create = defineVerb({
  name: 'create',
  entity: 'vm',
  command: 'start',
  title: 'Start',
  summary: 'start the machine',
  params: z.object({
    paused: z.boolean().default(false).describe('Leave its processors stopped'),
  }),
  result: nothing,
  permission: 'create',
  danger: 'changes',
  states: OFF,
  pending: 'starting',
  chat: { words: ['start', 'create', 'boot', 'play', 'run'], says: "I'm starting." },
});

export const shutdown = defineVerb({
  name: 'shutdown',
  entity: 'vm',
  title: 'Shut down',
  summary: 'ask the guest to shut down',
  params: nothing,
  result: nothing,
  permission: 'shutdown',
  danger: 'disrupts',
  states: ['running', 'shutting-down', 'blocked'],
  pending: 'shutting down',
  outcome: 'asked; it goes off when its system has ended',
  chat: { words: ['shutdown', 'stop', 'shut down'], says: "I'm shutting down." },
});

export const destroy = defineVerb({
  name: 'destroy',
  entity: 'vm',
  command: 'destroy',
  title: 'Force off',
  summary: 'pull the plug: what the guest has not written is lost',
  params: nothing,
  result: nothing,
  permission: 'destroy',
  danger: 'disrupts',
  states: ON,
  pending: 'stopping',
  chat: { words: ['destroy', 'force off', 'kill'], says: "I'm off." },
});

export const reboot = defineVerb({
  name: 'reboot',
  entity: 'vm',
  title: 'Reboot',
  summary: 'ask the guest to reboot; with force, press the reset button',
  params: z.object({ force: z.boolean().default(false).describe('Do not ask the guest') }),
  result: nothing,
  permission: 'reboot',
  danger: 'disrupts',
  states: ['running', 'blocked'],
  pending: 'rebooting',
  outcome: 'asked',
  chat: { words: ['reboot', 'restart'], says: "I'm rebooting." },
});

export const suspend = defineVerb({
  name: 'suspend',
  entity: 'vm',
  command: 'pause',
  title: 'Pause',
  summary: 'stop its processors; it keeps its memory',
  params: nothing,
  result: nothing,
  permission: 'suspend',
  danger: 'changes',
  states: ['running', 'blocked'],
  pending: 'pausing',
  chat: { words: ['pause', 'suspend'], says: "I'm paused." },
});

export const resume = defineVerb({
  name: 'resume',
  entity: 'vm',
  title: 'Resume',
  summary: 'let a paused machine go on',
  params: nothing,
  result: nothing,
  permission: 'resume',
  danger: 'changes',
  states: ['paused', 'sleeping'],
  pending: 'resuming',
  chat: { words: ['resume', 'unpause', 'continue'], says: "I'm running again." },
});

export const migrate = defineVerb({
  name: 'migrate',
  entity: 'vm',
  title: 'Migrate',
  summary: 'move the machine to another hypervisor, while it runs where that can be',
  params: z.object({
    target: hypervisorName.describe('The hypervisor it goes to'),
  }),
  result: z.object({ seconds: z.number() }),
  permission: 'migrate',
  danger: 'changes',
  slow: true,
  pending: 'migrating',
  chat: { words: ['migrate to', 'migrate', 'move to'], takes: ['target'], says: 'I have moved.' },
});

export const autostart = defineVerb({
  name: 'autostart',
  entity: 'vm',
  title: 'Autostart',
  summary: 'start it when its hypervisor starts, or not',
  params: z.object({ on: z.boolean().default(true).describe('Start it with its hypervisor') }),
  result: nothing,
  permission: 'autostart',
  danger: 'changes',
});

export const memory = defineVerb({
  name: 'memory',
  entity: 'vm',
  title: 'Memory',
  summary: 'set its memory: at once up to its maximum, beyond that from the next start',
  params: z.object({ mebibytes: z.int().min(16).max(16_777_216).describe('MiB') }),
  result: z.object({ when: z.enum(['now', 'as soon as its system follows', 'next start']) }),
  permission: 'memory',
  danger: 'changes',
});

export const setvcpus = defineVerb({
  name: 'setvcpus',
  entity: 'vm',
  command: 'vcpus',
  title: 'Processors',
  summary: 'set its processors: at once up to its maximum, beyond that from the next start',
  params: z.object({ count: z.int().min(1).max(1024).describe('Virtual processors') }),
  result: z.object({ when: z.enum(['now', 'next start']) }),
  permission: 'setvcpus',
  danger: 'changes',
});

export const info = defineVerb({
  name: 'info',
  entity: 'vm',
  title: 'Info',
  summary: 'how it is',
  params: nothing,
  result: z.object({ text: z.string() }),
  permission: 'info',
  danger: 'reads',
  chat: {
    words: ['info', 'how are you', 'and you', "how's it going", 'how do you do'],
    says: '{text}',
  },
});

export const migrateCancel = defineVerb({
  name: 'migrate_cancel',
  entity: 'vm',
  title: 'Cancel migration',
  summary: 'stop its migration: it stays where it is, and runs on',
  params: nothing,
  result: nothing,
  permission: 'migrate',
  danger: 'changes',
  stops: 'migrate',
  chat: { words: ['cancel', 'stop moving', 'stay'], says: 'I stay.' },
});

export const xmldesc = defineVerb({
  name: 'xmldesc',
  entity: 'vm',
  command: 'xml',
  title: 'XML',
  summary: 'its definition, as libvirt has it, without what is secret',
  params: z.object({
    inactive: z.boolean().default(false).describe('What it is from its next start on'),
  }),
  result: z.object({ xml: z.string() }),
  permission: 'xmldesc',
  danger: 'reads',
  chat: { words: ['xml', 'desc'], says: '{xml}' },
});

export const screenshot = defineVerb({
  name: 'screenshot',
  entity: 'vm',
  title: 'Screenshot',
  summary: 'a picture of its screen, as PNG',
  params: nothing,
  result: z.object({ png: z.base64() }),
  permission: 'screenshot',
  danger: 'reads',
  states: ['running', 'paused', 'blocked', 'shutting-down'],
  programs: true,
});

export const console = defineVerb({
  name: 'console',
  entity: 'vm',
  title: 'Console',
  summary:
    'open its serial console, its screen or its ssh port: a token that is good for one connection',
  params: z.object({ type: z.enum(['serial', 'vnc', 'ssh']).default('serial') }),
  result: z.object({ token: z.string().optional() }),
  permission: 'vnc_display',
  danger: 'changes',
  states: ['running', 'paused', 'blocked', 'shutting-down'],
  programs: true,
});

/** In the order in which people see them. */
export const powerVerbs: readonly Verb[] = [
  create,
  shutdown,
  destroy,
  reboot,
  suspend,
  resume,
  migrate,
  migrateCancel,
  console,
  screenshot,
  info,
  xmldesc,
  memory,
  setvcpus,
  autostart,
];
