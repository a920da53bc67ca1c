/** What a machine has when the lab file says nothing. */
export const DEFAULTS = {
  image: 'debian-12',
  memory: '512 MiB',
  cpus: 1,
  nested: false,
  autostart: true,
  forwardAddress: '127.0.0.1',
} as const;
