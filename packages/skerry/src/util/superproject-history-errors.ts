import type { ErrorRow } from './error-row.ts';
import { SP_EXIT } from './superproject-exit.ts';

/** The rows about the history of superprojects: changelog, bisect, escrow, mirror; part of the table in error-table.ts. */
export const SUPERPROJECT_HISTORY_ERRORS = {
  SP_RANGE: {
    message: "'{text}' is not a range of two refs",
    hint: 'such as: 3.11.1..3.11.2',
    exitCode: SP_EXIT.usage,
  },
  SP_LAYOUT: {
    message: 'no folder can be laid out with {url} in it: {reason}',
    hint: 'give the repository another url in .gitmodules',
    exitCode: SP_EXIT.refused,
  },
  SP_TARGET_TAKEN: {
    message: 'there is something at {dir} already',
    hint: 'take another folder, or an empty one',
    exitCode: SP_EXIT.refused,
  },
  SP_ESCROW_PATH: {
    message: "commit {commit} has a file '{path}', which would be outside of its folder",
    hint: 'such names are an attack, or damage; look at it with: git fsck --strict',
    exitCode: SP_EXIT.refused,
  },
  SP_ESCROW_NESTING: {
    message: 'components are nested in each other without end, at {path}',
    hint: 'a component that has itself as a component cannot be deposited',
    exitCode: SP_EXIT.refused,
  },
  SP_ESCROW_BROKEN: {
    message: 'the repository {dir} is damaged:\n{reason}',
    hint: 'look at it with: git -C {dir} fsck --strict --full',
    exitCode: SP_EXIT.failure,
  },
  SP_ESCROW_MANIFEST: {
    message: '{file} is no manifest of a deposit: {reason}',
    hint: 'name the folder that skerry superproject escrow create made',
    exitCode: SP_EXIT.refused,
  },
  SP_ESCROW_DAMAGED: {
    message: 'the deposit {dir} is not as it was made:\n{reason}',
    hint: 'fetch these files from another copy; restore nothing from this one',
    exitCode: SP_EXIT.failure,
  },
  SP_ESCROW_CHAIN: {
    message: '{dir} builds on older deposits {most} deep already',
    hint: 'make a complete one, without --since',
    exitCode: SP_EXIT.refused,
  },
  SP_ESCROW_UNSIGNED: {
    message: 'the deposit {dir} is not signed by anybody you trust: {reason}',
    hint: 'see who signed it: ssh-keygen -Y check-novalidate -n skerry-escrow -s SHA256SUMS.sig < SHA256SUMS',
    exitCode: SP_EXIT.refused,
  },
  SP_BISECT_COMMAND: {
    message: "'{command}' {how}: that says neither good nor bad",
    hint: 'let it end with 0 for good, 1 for bad, 125 for what cannot be tested; then run the same bisect again: it goes on',
    exitCode: SP_EXIT.failure,
  },
  SP_BISECT_SWAPPED: {
    message: "'{bad}' should be bad and later than the good '{good}', and it is {how}",
    hint: 'the good one has to come first: --good OLDER --bad NEWER',
    exitCode: SP_EXIT.usage,
  },
  SP_BISECT_END: {
    message: "'{name}' should be {is}, and {found} by '{command}'",
    hint: 'name another one with --{is}, or try the command there by hand',
    exitCode: SP_EXIT.usage,
  },
  SP_BISECT_LINK: {
    message: 'there is a symbolic link on the way to the component {path}',
    hint: 'such commits are an attack (CVE-2024-32002), or broken: skip them',
    exitCode: SP_EXIT.refused,
  },
  SP_MIRROR_OTHER: {
    message: '{dir} is a mirror of {other}, not of {url}',
    hint: 'take another folder: one mirror is of one superproject',
    exitCode: SP_EXIT.refused,
  },
  SP_MIRROR_LAYOUT: {
    message: '{url} is at {path} in the mirror {dir}, and would have to be at {now} now',
    hint: 'relative urls go up further than before: make a new mirror in another folder; others may borrow from this one',
    exitCode: SP_EXIT.refused,
  },
} as const satisfies Record<string, ErrorRow>;
