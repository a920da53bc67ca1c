// Who may do what, and what is to be done when.
import { z } from 'zod';
import { expectNow, permissionNames, who } from './people.ts';
import { defineVerb } from './verb.ts';

const nothing = z.object({});

export const grants = z.object({
  grants: z.array(z.object({ who: z.string(), permissions: z.array(z.string()) })),
});

type Kind = 'vm' | 'hypervisor';

/** The same verb for a machine and for a hypervisor. */
function permissionGet(entity: Kind) {
  return defineVerb({
    name: 'permission_get',
    entity,
    command: 'permissions',
    title: 'Permissions',
    summary: 'who may do what with it',
    params: nothing,
    result: grants,
    permission: 'permission_get',
    danger: 'reads',
    runs: 'central',
  });
}

function permissionSet(entity: Kind) {
  return defineVerb({
    name: 'permission_set',
    entity,
    command: 'permission-set',
    title: 'Set permissions',
    summary: 'let somebody do this with it and nothing else',
    params: z.object({
      who,
      permissions: permissionNames
        .default([])
        .describe('A role has those of the role besides, so it needs none here'),
      remove: z.boolean().default(false).describe('Take what is granted away'),
      expect: expectNow,
    }),
    result: z.object({ changes: z.array(z.string()) }),
    permission: 'permission_set',
    danger: 'changes',
    runs: 'central',
  });
}

function permissionExplain(entity: Kind) {
  return defineVerb({
    name: 'permission_explain',
    entity,
    command: 'why',
    title: 'Why, and why not',
    summary: 'what you, or another user, may do with it, and why',
    params: z.object({
      user: z.string().max(100).optional().describe('Default: you'),
      verb: z.string().max(50).optional().describe('One verb; default: all'),
    }),
    result: z.object({
      verbs: z.array(
        z.object({
          verb: z.string(),
          permission: z.string(),
          possible: z.boolean().describe('Whether it makes sense in its present state'),
          allowed: z.boolean(),
          because: z.string(),
        }),
      ),
    }),
    permission: 'permission_get',
    open: true,
    danger: 'reads',
    runs: 'central',
  });
}

function schedule(entity: Kind) {
  return defineVerb({
    name: 'schedule',
    entity,
    title: 'Schedule',
    summary: 'do a verb at a time, once or again and again',
    params: z.object({
      verb: z.string().max(50),
      params: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("The verb's own parameters, by the names of the API"),
      at: z
        .string()
        .max(100)
        .describe(
          "A time (ISO 8601), or cron: minute hour day month weekday; in central's time zone, unless a time has another",
        ),
    }),
    result: z.object({ job: z.string(), next: z.string() }),
    permission: 'scheduler_schedule',
    danger: 'changes',
    runs: 'central',
  });
}

function unschedule(entity: Kind) {
  return defineVerb({
    name: 'unschedule',
    entity,
    title: 'Unschedule',
    summary: 'do not do what was scheduled',
    params: z.object({ job: z.string().max(100) }),
    result: nothing,
    permission: 'scheduler_unschedule',
    danger: 'changes',
    runs: 'central',
  });
}

function jobs(entity: Kind) {
  return defineVerb({
    name: 'jobs',
    entity,
    title: 'What is scheduled',
    summary: 'what is scheduled for it',
    params: nothing,
    result: z.object({
      jobs: z.array(
        z.object({
          job: z.string(),
          verb: z.string(),
          at: z.string(),
          next: z.string(),
          by: z.string(),
          last: z.string(),
        }),
      ),
    }),
    permission: 'scheduler_jobs',
    danger: 'reads',
    runs: 'central',
  });
}

function getroster(entity: Kind) {
  return defineVerb({
    name: 'getroster',
    entity,
    command: 'roster',
    title: 'Roster',
    summary: 'who sees it and talks to it',
    params: nothing,
    result: z.object({ users: z.array(z.string()) }),
    permission: 'getroster',
    danger: 'reads',
    runs: 'central',
  });
}

const makers = [
  permissionGet,
  permissionSet,
  permissionExplain,
  schedule,
  unschedule,
  jobs,
  getroster,
] as const;
export const vmAccess = makers.map((make) => make('vm'));
export const hypervisorAccess = makers.map((make) => make('hypervisor'));
