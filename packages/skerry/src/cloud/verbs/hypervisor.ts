// What a hypervisor does besides its machines: networks, images, health.
import { z } from 'zod';
import { tag } from '../entity.ts';
import { defineVerb, type Verb } from './verb.ts';

const nothing = z.object({});
const networkName = z.string().regex(/^[\w.-]{1,50}$/, 'letters, digits and . _ -');
const networkXml = z.string().min(10).max(200_000).describe('libvirt network XML');

export const nodeinfo = defineVerb({
  name: 'nodeinfo',
  entity: 'hypervisor',
  command: 'info',
  title: 'Info',
  summary: 'how it is',
  params: nothing,
  result: z.object({ text: z.string() }),
  permission: 'nodeinfo',
  danger: 'reads',
  chat: { words: ['info', 'how are you', 'and you', 'nodeinfo', 'health'], says: '{text}' },
});

export const rostervm = defineVerb({
  name: 'rostervm',
  entity: 'hypervisor',
  command: 'vms',
  title: 'Machines',
  summary: 'the machines that are on it',
  params: nothing,
  result: z.object({ text: z.string() }),
  permission: 'rostervm',
  danger: 'reads',
  chat: { words: ['roster', 'vms', 'domains', 'list'], says: '{text}' },
});

export const capabilities = defineVerb({
  name: 'capabilities',
  entity: 'hypervisor',
  title: 'Capabilities',
  summary: "libvirt's capabilities of the host, as XML",
  params: nothing,
  result: z.object({ xml: z.string() }),
  permission: 'capabilities',
  danger: 'reads',
  chat: { words: ['capabilities'], says: '{xml}' },
});

export const settags = defineVerb({
  name: 'settags',
  entity: 'hypervisor',
  command: 'tags',
  title: 'Tags',
  summary: 'give it these tags and no others',
  params: z.object({ tags: z.array(tag).max(50) }),
  result: nothing,
  permission: 'settags',
  danger: 'changes',
});

export const drain = defineVerb({
  name: 'drain',
  entity: 'hypervisor',
  title: 'Drain',
  summary: 'place no new machines on it, or do again',
  params: z.object({ on: z.boolean().default(true).describe('Place no new machines on it') }),
  result: nothing,
  permission: 'drain',
  danger: 'changes',
});

export const evacuate = defineVerb({
  name: 'evacuate',
  entity: 'hypervisor',
  title: 'Evacuate',
  summary: 'drain it, and move its machines to where they fit best, one after the other',
  params: z.object({
    dryRun: z.boolean().default(false).describe('Only say where each would go'),
  }),
  result: z.object({
    machines: z.array(z.object({ machine: z.string(), to: z.string(), outcome: z.string() })),
  }),
  permission: 'drain',
  danger: 'disrupts',
  runs: 'central',
  slow: true,
});

export const getGolden = defineVerb({
  name: 'drives_getgolden',
  entity: 'hypervisor',
  command: 'images',
  title: 'Golden images',
  summary: 'the images that new machines can start from',
  params: nothing,
  result: z.object({
    images: z.array(z.object({ name: z.string(), sizeBytes: z.number() })),
  }),
  permission: 'drives_getgolden',
  danger: 'reads',
});

export const networkDefine = defineVerb({
  name: 'network_define',
  entity: 'hypervisor',
  title: 'Define a network',
  summary:
    "make a network, or give one a new definition; bridges, cards and files of the host need 'define_host'",
  params: z.object({ xml: networkXml }),
  result: z.object({ name: z.string() }),
  permission: 'network_define',
  danger: 'changes',
});

export const networkUndefine = defineVerb({
  name: 'network_undefine',
  entity: 'hypervisor',
  title: 'Undefine a network',
  summary: 'forget a network',
  params: z.object({ name: networkName }),
  result: nothing,
  permission: 'network_undefine',
  danger: 'destroys',
});

export const networkCreate = defineVerb({
  name: 'network_create',
  entity: 'hypervisor',
  command: 'network-start',
  title: 'Start a network',
  summary: 'start a network',
  params: z.object({ name: networkName }),
  result: nothing,
  permission: 'network_create',
  danger: 'changes',
  chat: { words: ['start network'], takes: ['name'], says: 'The network {name} is up.' },
});

export const networkDestroy = defineVerb({
  name: 'network_destroy',
  entity: 'hypervisor',
  command: 'network-stop',
  title: 'Stop a network',
  summary: 'stop a network: its machines have no connection then',
  params: z.object({ name: networkName }),
  result: nothing,
  permission: 'network_destroy',
  danger: 'disrupts',
  chat: { words: ['stop network'], takes: ['name'], says: 'The network {name} is down.' },
});

export const migrationinfo = defineVerb({
  name: 'migrationinfo',
  entity: 'hypervisor',
  title: 'Migration info',
  summary: 'the address that machines come to it by',
  params: nothing,
  result: z.object({ uri: z.string().nullable() }),
  permission: 'migrationinfo',
  danger: 'reads',
  chat: { words: ['libvirt uri', 'migration info'], says: '{uri}' },
});

/** In the order in which people see them. */
export const hypervisorVerbs: readonly Verb[] = [
  nodeinfo,
  rostervm,
  drain,
  evacuate,
  getGolden,
  settags,
  networkDefine,
  networkUndefine,
  networkCreate,
  networkDestroy,
  capabilities,
  migrationinfo,
];
