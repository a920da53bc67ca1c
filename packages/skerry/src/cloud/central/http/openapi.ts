// The REST API's description, from the verb table. Pure.
import { z } from 'zod';
import { auditEntry, usage, verbError } from '../../bus/messages.ts';
import { hypervisorState, vmState } from '../../entity.ts';
import type { VerbTable } from '../../verbs/table.ts';
import type { EntityKind, Verb } from '../../verbs/verb.ts';
import { auditQuery, usageQuery } from './queries.ts';

/** Where a kind of entity is in the API. */
export const COLLECTIONS: Readonly<Record<EntityKind, string>> = {
  vm: '/api/v1/vms/{vm}',
  hypervisor: '/api/v1/hypervisors/{hypervisor}',
  central: '/api/v1/central',
};

const NAMES: Readonly<Record<string, string>> = {
  vm: "A machine's uuid, or its name where only one has it",
  hypervisor: "A hypervisor's name",
};

const REFUSED = {
  description:
    'It was not done: 400 invalid, 401 not logged in, 403 denied, 404 not found, 409 conflict, 502 unreachable or libvirt, 504 timeout.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};

/** OpenAPI 3.1: what can be read, and a path for each verb, with the schemas of its parameters and its result. */
export function openApi(table: VerbTable, version: string): Record<string, unknown> {
  const verbs = table.all.map((verb) => [
    `${COLLECTIONS[verb.entity]}/${verb.name}`,
    { post: operation(verb) },
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Skerry',
      version,
      description:
        'Every verb is a POST with its parameters as JSON. Log in with `Authorization: Bearer TOKEN` (see `skerry cloud token create`).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }],
    paths: { ...reads(), ...Object.fromEntries(verbs) },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Vm: schemaOf(vmState, 'output'),
        Hypervisor: schemaOf(hypervisorState, 'output'),
        UsagePoint: schemaOf(usage.omit({ id: true }).extend({ at: z.number() }), 'output'),
        AuditEntry: schemaOf(auditEntry, 'output'),
        Error: schemaOf(z.object({ error: verbError }), 'output'),
      },
    },
  };
}

/** A schema as JSON Schema (draft 2020-12), as OpenAPI 3.1 and forms take it. */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

function operation(verb: Verb): Record<string, unknown> {
  const { entity, name, title, summary, permission, danger, params, result, open } = verb;
  return {
    operationId: `${entity}_${name}`,
    tags: [entity],
    summary: title,
    description: `${summary[0]?.toUpperCase()}${summary.slice(1)}. Needs the permission \`${permission}\`${open ? ', but not for what is your own' : ''}; it ${danger}.`,
    ...(NAMES[entity] && { parameters: [pathParameter(entity)] }),
    requestBody: {
      required: Object.keys(params.shape).some(
        (key) => !params.shape[key]?.safeParse(undefined).success,
      ),
      content: { 'application/json': { schema: schemaOf(params, 'input') } },
    },
    responses: {
      200: {
        description: 'It was done.',
        content: { 'application/json': { schema: schemaOf(result, 'output') } },
      },
      default: REFUSED,
    },
  };
}

/** What is read without a verb. */
function reads(): Record<string, unknown> {
  const { vm, hypervisor } = COLLECTIONS;
  const usages = 'What it used, oldest first; `at` in milliseconds since 1970';
  return {
    '/api/v1/vms': read('list_vms', 'All machines that you may see', ['Vm']),
    '/api/v1/hypervisors': read('list_hypervisors', 'All hypervisors that you may see', [
      'Hypervisor',
    ]),
    [vm]: read('get_vm', 'A machine', 'Vm', { entity: 'vm' }),
    [hypervisor]: read('get_hypervisor', 'A hypervisor', 'Hypervisor', { entity: 'hypervisor' }),
    [`${vm}/usage`]: read('usage_vm', usages, ['UsagePoint'], { entity: 'vm', query: usageQuery }),
    [`${hypervisor}/usage`]: read('usage_hypervisor', usages, ['UsagePoint'], {
      ...{ entity: 'hypervisor', query: usageQuery },
    }),
    '/api/v1/audit': read('audit', 'Who did what, the newest first', ['AuditEntry'], {
      query: auditQuery,
    }),
  };
}

interface ReadOptions {
  readonly entity?: EntityKind;
  readonly query?: z.ZodObject;
}

/** @param answer the name of a schema; in a list, where there are several */
function read(
  operationId: string,
  summary: string,
  answer: string | readonly [string],
  { entity, query }: ReadOptions = {},
): Record<string, unknown> {
  const [name, isMany] = typeof answer === 'string' ? [answer, false] : [answer[0], true];
  const one = { $ref: `#/components/schemas/${name}` };
  const fields = Object.entries(query?.shape ?? {}) as [string, z.ZodType][];
  return {
    get: {
      operationId,
      summary,
      parameters: [
        ...(entity ? [pathParameter(entity)] : []),
        ...fields.map(([field, schema]) => ({
          ...{ name: field, in: 'query', schema: schemaOf(schema, 'input') },
        })),
      ],
      responses: {
        200: {
          description: 'Here it is.',
          content: { 'application/json': { schema: isMany ? { type: 'array', items: one } : one } },
        },
        default: REFUSED,
      },
    },
  };
}

function pathParameter(entity: EntityKind): Record<string, unknown> {
  const description = NAMES[entity];
  return { name: entity, in: 'path', required: true, description, schema: { type: 'string' } };
}
