// What a machine is: its definition, name, tags, and whether Skerry looks after it.
import { z } from 'zod';
import { hypervisorName, tag, vmName } from '../entity.ts';
import { sshKeys } from './ssh-keys.ts';
import { defineVerb, type Verb } from './verb.ts';

const nothing = z.object({});
const uuidOf = z.object({ uuid: z.string() });
/** A definition of any machine that somebody made is far below. */
const MAX_XML = 1_000_000;

export const domainXml = z.string().min(10).max(MAX_XML).describe('libvirt domain XML');

export const define = defineVerb({
  name: 'define',
  entity: 'vm',
  title: 'Define',
  summary: 'give it a new definition; a running machine has it from its next start',
  params: z.object({ xml: domainXml }),
  result: nothing,
  permission: 'define',
  danger: 'changes',
});

export const undefine = defineVerb({
  name: 'undefine',
  entity: 'vm',
  title: 'Undefine',
  summary: 'forget its definition and keep its disks; a running machine is gone when it stops',
  params: nothing,
  result: nothing,
  permission: 'undefine',
  danger: 'destroys',
});

export const free = defineVerb({
  name: 'free',
  entity: 'vm',
  command: 'delete',
  title: 'Delete',
  summary: 'delete the machine with its snapshots and the disks that are its own',
  params: z.object({ keepDisks: z.boolean().default(false).describe('Leave its disks') }),
  result: z.object({ deleted: z.array(z.string()) }),
  permission: 'free',
  danger: 'destroys',
  states: ['shutoff', 'crashed'],
  pending: 'being deleted',
});

export const clone = defineVerb({
  name: 'clone',
  entity: 'vm',
  title: 'Clone',
  summary: 'make a second one like it, which is off, with addresses of its own',
  params: z.object({ name: vmName.optional().describe('Default: a friendly one') }),
  result: uuidOf.extend({ name: z.string() }),
  permission: 'clone',
  danger: 'changes',
  slow: true,
  states: ['shutoff', 'crashed'],
  chat: { words: ['clone'], takes: ['name'], says: 'There is a second one like me now: {name}.' },
});

export const rename = defineVerb({
  name: 'rename',
  entity: 'vm',
  title: 'Rename',
  summary: 'give it another name',
  params: z.object({ name: vmName }),
  result: nothing,
  permission: 'define',
  danger: 'changes',
  states: ['shutoff', 'crashed'],
});

export const manage = defineVerb({
  name: 'manage',
  entity: 'vm',
  title: 'Adopt',
  summary: 'look after a machine that somebody else made',
  params: nothing,
  result: nothing,
  permission: 'manage',
  danger: 'changes',
});

export const unmanage = defineVerb({
  name: 'unmanage',
  entity: 'vm',
  title: 'Release',
  summary: 'leave it alone from now on; it stays as it is',
  params: nothing,
  result: nothing,
  permission: 'unmanage',
  danger: 'changes',
});

export const settags = defineVerb({
  name: 'settags',
  entity: 'vm',
  command: 'tags',
  title: 'Tags',
  summary: 'give it these tags and no others',
  params: z.object({ tags: z.array(tag).max(50) }),
  result: nothing,
  permission: 'settags',
  danger: 'changes',
});

export const alloc = defineVerb({
  name: 'alloc',
  entity: 'hypervisor',
  command: 'create-vm',
  title: 'New machine',
  summary: 'make a machine on it, from an image, or from XML',
  params: z.object({
    name: vmName.optional().describe('Default: a friendly one'),
    memoryMiB: z.int().min(16).max(16_777_216).default(512).describe('MiB'),
    vcpus: z.int().min(1).max(1024).default(1).describe('Virtual processors'),
    image: z.string().max(200).optional().describe('A golden image; without one, an empty disk'),
    diskGiB: z
      .number()
      .min(0)
      .max(100_000)
      .optional()
      .describe('GiB; 0 for no disk. Default: 4, or the size of the image if that is more'),
    network: z.string().max(200).default('default').describe('A network of the hypervisor'),
    sshKeys: sshKeys
      .optional()
      .describe('Public ssh keys, a line each: who has one may log in as root'),
    tags: z.array(tag).max(50).default([]),
    xml: domainXml.optional().describe('libvirt domain XML instead of all of these'),
    start: z.boolean().default(false).describe('Start it at once'),
  }),
  result: uuidOf.extend({ name: z.string() }),
  permission: 'alloc',
  danger: 'changes',
  slow: true,
  chat: { words: ['alloc', 'new'], takes: ['name'], says: 'Here is {name}.' },
});

export const park = defineVerb({
  name: 'park',
  entity: 'vm',
  title: 'Park',
  summary: 'take it off its hypervisor; its definition is kept, its disks stay where they are',
  params: z.object({ force: z.boolean().default(false).describe('Force it off first') }),
  result: nothing,
  permission: 'vmparking_park',
  danger: 'disrupts',
  runs: 'central',
  pending: 'being parked',
  chat: { words: ['park'], says: "I'm parked." },
});

export const unpark = defineVerb({
  name: 'unpark',
  entity: 'central',
  takes: ['machine'],
  title: 'Unpark',
  summary: 'bring a parked machine back, on any hypervisor',
  params: z.object({
    machine: z.string().min(1).max(100).describe('Its name or uuid'),
    hypervisor: hypervisorName
      .optional()
      .describe('Default: where it was, or else where there is most room'),
    start: z.boolean().default(false).describe('Start it at once'),
    force: z
      .boolean()
      .default(false)
      .describe('Also while a hypervisor that may have it still is not heard'),
  }),
  result: z.object({ hypervisor: z.string() }),
  permission: 'vmparking_unpark',
  open: true,
  danger: 'changes',
  runs: 'central',
});

export const parkedDelete = defineVerb({
  name: 'parked_delete',
  entity: 'central',
  takes: ['machine'],
  title: 'Delete a parked machine',
  summary: 'forget a parked machine; its disks stay where they are',
  params: z.object({ machine: z.string().min(1).max(100).describe('Its name or uuid') }),
  result: nothing,
  permission: 'vmparking_delete',
  open: true,
  danger: 'destroys',
  runs: 'central',
});

export const parked = defineVerb({
  name: 'parked',
  entity: 'central',
  title: 'Parked machines',
  summary: 'the machines that are on no hypervisor',
  params: z.object({}),
  result: z.object({
    machines: z.array(
      z.object({
        name: z.string(),
        uuid: z.string(),
        hypervisor: z.string().describe('Where it was'),
        parkedBy: z.string(),
        parkedAt: z.number().describe('Milliseconds since 1970'),
      }),
    ),
  }),
  permission: 'vmparking_park',
  open: true,
  danger: 'reads',
  runs: 'central',
});

/** In the order in which people see them. */
export const definitionVerbs: readonly Verb[] = [
  alloc,
  define,
  undefine,
  clone,
  rename,
  free,
  settags,
  manage,
  unmanage,
  park,
  unpark,
  parkedDelete,
  parked,
];
