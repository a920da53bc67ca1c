import { z } from 'zod';

/** How a member reaches the bus, and central's web port. */
export const membership = z.object({
  address: z.string(),
  /** The name of the central. Default: the host of its bus. */
  central: z.string().optional(),
  url: z.url(),
  /** The authority of central's certificates, in PEM. */
  ca: z.string(),
  bus: z.object({
    domain: z.string(),
    host: z.string(),
    port: z.int(),
    password: z.string(),
  }),
});
export type Membership = z.infer<typeof membership>;
