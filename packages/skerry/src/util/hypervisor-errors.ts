import { type ErrorRow, EXIT } from './error-row.ts';

/** The rows about several hypervisors on one machine; part of the table in error-table.ts. */
export const HYPERVISOR_ERRORS = {
  HYPERVISOR_COUNT: {
    message: 'there cannot be {count} hypervisors on this machine',
    hint: 'take 1 to {most}',
    exitCode: EXIT.usage,
  },
  HYPERVISOR_UNKNOWN: {
    message: 'there is no hypervisor {name}; there are: {known}',
    hint: 'take one of these',
    exitCode: EXIT.notFound,
  },
  HYPERVISOR_OFF: {
    message: 'the hypervisor {name} does not run',
    hint: 'start it first',
    exitCode: EXIT.conflict,
  },
  HYPERVISOR_LIBVIRTD: {
    message: 'libvirtd of the hypervisor {name} does not run: {reason}',
    hint: 'read {log}, then: skerry doctor',
    exitCode: EXIT.failure,
  },
  HYPERVISOR_EXPOSE: {
    message: 'nothing can listen at {address}:{port} for the hypervisors: {reason}',
    hint: 'take another port',
    exitCode: EXIT.conflict,
  },
} as const satisfies Record<string, ErrorRow>;
