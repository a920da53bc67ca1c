// Snapshots and drives of a machine.
import { z } from 'zod';
import { defineVerb, type Verb } from './verb.ts';

const nothing = z.object({});
const name = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,99}$/u, 'letters, digits, blanks and . _ -');
const target = z
  .string()
  .regex(/^[a-z]{2,3}[a-z0-9]{0,3}$/, 'a drive of it, such as vda')
  .describe('A drive, such as vda');
const format = z.enum(['qcow2', 'raw']);

export const snapshotTake = defineVerb({
  name: 'snapshot_take',
  entity: 'vm',
  title: 'Take snapshot',
  summary: 'keep its disks, and its memory if it runs, as they are now',
  params: z.object({
    name: name.optional().describe('Default: the time'),
    description: z.string().max(1000).default(''),
  }),
  result: z.object({ name: z.string() }),
  permission: 'snapshot_take',
  danger: 'changes',
  slow: true,
  pending: 'taking a snapshot',
  chat: { words: ['snapshot', 'take snapshot'], takes: ['name'], says: 'I keep it as {name}.' },
});

export const snapshotList = defineVerb({
  name: 'snapshot_get',
  entity: 'vm',
  command: 'snapshot-list',
  title: 'Snapshots',
  summary: 'its snapshots, oldest first',
  params: nothing,
  result: z.object({
    snapshots: z.array(
      z.object({
        name: z.string(),
        createdAt: z.number(),
        state: z.string(),
        current: z.boolean(),
      }),
    ),
  }),
  permission: 'snapshot_get',
  danger: 'reads',
});

export const snapshotRevert = defineVerb({
  name: 'snapshot_revert',
  entity: 'vm',
  title: 'Revert',
  summary: 'make it as it was; what came after is lost unless there is a snapshot of it',
  params: z.object({ name }),
  result: nothing,
  permission: 'snapshot_revert',
  danger: 'destroys',
  slow: true,
  pending: 'reverting',
});

export const snapshotDelete = defineVerb({
  name: 'snapshot_delete',
  entity: 'vm',
  title: 'Delete snapshot',
  summary: 'forget a snapshot; the machine stays as it is',
  params: z.object({ name }),
  result: nothing,
  permission: 'snapshot_delete',
  danger: 'destroys',
  slow: true,
});

export const drivesGet = defineVerb({
  name: 'drives_get',
  entity: 'vm',
  command: 'drive-list',
  title: 'Drives',
  summary: 'its drives, with their sizes',
  params: nothing,
  result: z.object({
    drives: z.array(
      z.object({
        target: z.string(),
        source: z.string().nullable(),
        format: z.string().nullable(),
        capacityBytes: z.number().nullable(),
        allocationBytes: z.number().nullable(),
      }),
    ),
  }),
  permission: 'drives_get',
  danger: 'reads',
});

export const drivesCreate = defineVerb({
  name: 'drives_create',
  entity: 'vm',
  command: 'drive-create',
  title: 'Add a drive',
  summary: 'make an empty disk and give it to the machine',
  params: z.object({
    sizeGiB: z.number().positive().max(100_000),
    format: format.default('qcow2'),
  }),
  result: z.object({ target: z.string() }),
  permission: 'drives_create',
  danger: 'changes',
  slow: true,
});

export const drivesDelete = defineVerb({
  name: 'drives_delete',
  entity: 'vm',
  command: 'drive-delete',
  title: 'Delete a drive',
  summary:
    'take a drive from the machine and delete it; one that it only reads, or others use, is kept',
  params: z.object({ target }),
  result: nothing,
  permission: 'drives_delete',
  danger: 'destroys',
  states: ['shutoff', 'crashed'],
});

export const drivesConvert = defineVerb({
  name: 'drives_convert',
  entity: 'vm',
  command: 'drive-convert',
  title: 'Convert a drive',
  summary: 'write a drive anew in another format',
  params: z.object({ target, format }),
  result: nothing,
  permission: 'drives_convert',
  danger: 'changes',
  slow: true,
  states: ['shutoff', 'crashed'],
  pending: 'converting a disk',
});

export const drivesSetGolden = defineVerb({
  name: 'drives_setgolden',
  entity: 'vm',
  command: 'drive-golden',
  title: 'Make a golden image',
  summary: 'copy a drive to an image that new machines start from',
  params: z.object({ target, name }),
  result: nothing,
  permission: 'drives_setgolden',
  danger: 'changes',
  slow: true,
  states: ['shutoff', 'crashed'],
});

/** In the order in which people see them. */
export const storageVerbs: readonly Verb[] = [
  snapshotTake,
  snapshotList,
  snapshotRevert,
  snapshotDelete,
  drivesGet,
  drivesCreate,
  drivesDelete,
  drivesConvert,
  drivesSetGolden,
];
