import type { ErrorRow } from './error-row.ts';
import { SP_EXIT } from './superproject-exit.ts';

/** The rows about manifests of other tools; part of the table in error-table.ts. */
export const SUPERPROJECT_MANIFEST_ERRORS = {
  SP_MANIFEST_INVALID: {
    message: '{reason}',
    hint: 'mend the manifest at that place; nothing was done',
    exitCode: SP_EXIT.refused,
  },
  SP_MANIFEST_FORMAT: {
    message: '{file}: cannot tell what kind of manifest this is',
    hint: 'say it with --format: repo, west, repos or json',
    exitCode: SP_EXIT.usage,
  },
  SP_MANIFEST_UNREADABLE: {
    message: 'cannot read {file}: {reason}',
    hint: 'name a manifest: skerry superproject manifest import FILE',
    exitCode: SP_EXIT.usage,
  },
  SP_MANIFEST_PIN: {
    message: '{path}: the commit {pin} cannot be used: {reason}',
    hint: 'nothing was done; see what its remote has: git ls-remote {url}',
    exitCode: SP_EXIT.refused,
  },
  SP_MANIFEST_TAKEN: {
    message: '{path} is taken: {what}',
    hint: 'nothing was done; take that out of the manifest, or see: skerry superproject list',
    exitCode: SP_EXIT.refused,
  },
} as const satisfies Record<string, ErrorRow>;
