// What may stand behind the ? of a GET.
import { z } from 'zod';
import { USAGE_SPANS, type UsageSpan } from '../usage-history.ts';

/** How far back: points a second, a minute, ten minutes, three hours apart. */
export const usageQuery = z.object({
  span: z.enum(Object.keys(USAGE_SPANS) as UsageSpan[]).default('minutes'),
});

/** The newest first, of one entity (`vm:UUID`) or all, before a moment in milliseconds since 1970. */
export const auditQuery = z.object({
  entity: z.string().optional(),
  before: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

/** What a machine needs of the hypervisor it is to be on. */
export const needsQuery = z.object({
  memoryMiB: z.coerce.number().default(512),
  vcpus: z.coerce.number().default(1),
  networks: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean)),
  tags: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean)),
});
