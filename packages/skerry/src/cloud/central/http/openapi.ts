// The REST API's description, from the verb table. Pure.
import { z } from 'zod';
import { verbError } from '../../bus/messages.ts';
import { hypervisorState, vmState } from '../../entity.ts';
import type { VerbTable } from '../../verbs/table.ts';
import type { EntityKind, Verb } from '../../verbs/verb.ts';

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

/** OpenAPI 3.1: a path for each verb, with the schemas of its parameters and its result. */
export function openApi(table: VerbTable, version: string): Record<string, unknown> {
  const lists = {
    '/api/v1/vms': listOf('vms', 'Vm'),
    '/api/v1/hypervisors': listOf('hypervisors', 'Hypervisor'),
  };
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
    paths: { ...lists, ...Object.fromEntries(verbs) },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Vm: schemaOf(vmState, 'output'),
        Hypervisor: schemaOf(hypervisorState, 'output'),
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
    ...(NAMES[entity] && {
      parameters: [
        {
          name: entity,
          in: 'path',
          required: true,
          description: NAMES[entity],
          schema: { type: 'string' },
        },
      ],
    }),
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
      default: {
        description:
          'It was not: 400 invalid, 401 not logged in, 403 denied, 404 not found, 409 conflict, 502 unreachable or libvirt, 504 timeout.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function listOf(what: string, schema: string): Record<string, unknown> {
  return {
    get: {
      operationId: `list_${what}`,
      summary: `All ${what} that you may see`,
      responses: {
        200: {
          description: 'Their states.',
          content: {
            'application/json': {
              schema: { type: 'array', items: { $ref: `#/components/schemas/${schema}` } },
            },
          },
        },
      },
    },
  };
}
