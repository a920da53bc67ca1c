import type { ErrorRow } from './error-row.ts';
import { SUPERPROJECT_CHECKOUT_ERRORS } from './superproject-checkout-errors.ts';
import { SUPERPROJECT_MANIFEST_ERRORS } from './superproject-manifest-errors.ts';
import { SP_EXIT } from './superproject-exit.ts';
import { SUPERPROJECT_HISTORY_ERRORS } from './superproject-history-errors.ts';

/** The rows about superprojects; part of the table in error-table.ts. */
export const SUPERPROJECT_ERRORS = {
  ...SUPERPROJECT_CHECKOUT_ERRORS,
  ...SUPERPROJECT_MANIFEST_ERRORS,
  ...SUPERPROJECT_HISTORY_ERRORS,
  SP_REF_NAME: {
    message: "{what}: '{name}' {reason}",
    hint: 'take another name; what git takes: git help check-ref-format',
    exitCode: SP_EXIT.usage,
  },
  SP_GIT: {
    message: 'git {action} failed{where}:\n{reason}',
    hint: 'try it by hand: {command}',
    exitCode: SP_EXIT.failure,
  },
  SP_LOCKED: {
    message:
      'git {action} found a lock{where}: another git works there, or one was killed:\n{reason}',
    hint: 'wait until it is done; if nothing runs there, remove the file that is named',
    exitCode: SP_EXIT.transient,
  },
  SP_TRANSIENT: {
    message: 'git {action} did not get through{where}, {tries} tried:\n{reason}',
    hint: 'run the command again; fewer connections at once with: --jobs 2',
    exitCode: SP_EXIT.transient,
  },
  SP_DENIED: {
    message: '{host} lets nobody in without a right login{where}:\n{reason}',
    hint: 'check that this works: git ls-remote {url}',
    exitCode: SP_EXIT.failure,
  },
  SP_REPOSITORY_MISSING: {
    message: 'there is no repository at {url}{where}:\n{reason}',
    hint: 'check the url; see: skerry superproject list',
    exitCode: SP_EXIT.failure,
  },
  SP_REF_MISSING: {
    message: '{url} has no {what}{where}',
    hint: '{advice}',
    exitCode: SP_EXIT.refused,
  },
  SP_NOT_HERE: {
    message: '{dir} is in no checkout of a superproject',
    hint: 'go into one, or name it: --url <url>',
    exitCode: SP_EXIT.usage,
  },
  SP_NO_REMOTE: {
    message: 'the checkout {root} has no remote to work on',
    hint: 'add one with: git remote add origin <url>; or name it: --url <url>',
    exitCode: SP_EXIT.usage,
  },
  SP_GITMODULES_INVALID: {
    message: '{reason}',
    hint: 'mend .gitmodules at that place; nothing was done',
    exitCode: SP_EXIT.refused,
  },
  SP_GITMODULES_LINK: {
    message: '{where} is a symbolic link, not a file',
    hint: 'commit it as a file; links are refused, for they may lead anywhere (CVE-2018-11235 and others)',
    exitCode: SP_EXIT.refused,
  },
  SP_GITLINK_STRAY: {
    message: '{where} has no section for what is pinned at {paths}',
    hint: 'add the section, or remove the pin; in a checkout: skerry superproject doctor --fix',
    exitCode: SP_EXIT.refused,
  },
  SP_COMPONENT_UNKNOWN: {
    message: '{url} has no component {name}; it has: {names}',
    hint: 'see: skerry superproject list',
    exitCode: SP_EXIT.usage,
  },
  SP_TORN: {
    message: 'the components changed all the time: no two of {rounds} reads agreed',
    hint: 'run it again when less is pushed, or take the last read as it is: --allow-torn',
    exitCode: SP_EXIT.transient,
  },
  SP_REWOUND: {
    message: "{name}: its branch '{branch}' went from {from} to {to}, which does not come after it",
    hint: 'find out who rewound it; to follow it all the same: --allow-rewind',
    exitCode: SP_EXIT.refused,
  },
  SP_NOT_A_COMMIT: {
    message: '{about}: {id} is no commit ({what})',
    hint: 'see what its branch points to: git ls-remote',
    exitCode: SP_EXIT.refused,
  },
  SP_TAG_TAKEN: {
    message: "{name} has a tag '{tag}' already, on {found} and not on {pin}",
    hint: 'tags are never moved: take another name; where several superprojects share {name}, give them superproject-tag-prefix in .gitmodules',
    exitCode: SP_EXIT.refused,
  },
  SP_TAG_SHARED: {
    message:
      "{name} and {other} are both at {url}, with other pins: it can have the tag '{tag}' only once",
    hint: 'give one of them superproject-tag-prefix in .gitmodules',
    exitCode: SP_EXIT.refused,
  },
  SP_TAG_EXISTS: {
    message: "{url} has a tag '{tag}' already, on {commit}",
    hint: 'tags are never moved; take another name',
    exitCode: SP_EXIT.refused,
  },
  SP_RACE: {
    message: 'others changed {url} faster than this could, {attempts} times',
    hint: 'run the command again when less is going on',
    exitCode: SP_EXIT.transient,
  },
  SP_PARTIAL: {
    message: '{what} published, but {which} part:\n{reason}',
    hint: 'what is done stays done; go on from there with: {resume}',
    exitCode: SP_EXIT.partial,
  },
  SP_UNPINNED: {
    message: '{name} is in .gitmodules, but the superproject pins no commit of it',
    hint: 'pin it first: skerry superproject update {name}',
    exitCode: SP_EXIT.refused,
  },
  SP_BRANCH_TAKEN: {
    message:
      "{name} has a branch '{branch}' already, at {tip}, which does not come after the pin {pin}",
    hint: 'let it follow another branch: --except {name}=BRANCH; or take another name',
    exitCode: SP_EXIT.refused,
  },
  SP_BRANCH_SHARED: {
    message:
      "{name} and {other} are both at {url}, with other pins: its branch '{branch}' can begin only at one",
    hint: 'let one of them follow another branch: --except {name}=BRANCH; or give both one pin',
    exitCode: SP_EXIT.refused,
  },
  SP_BRANCH_EXISTS: {
    message: "{url} has a branch '{name}' already, at {tip}, which was not made from {from} so",
    hint: 'take another name; what components follow on a branch: skerry superproject status --remote',
    exitCode: SP_EXIT.refused,
  },
  SP_BRANCH_PARTIAL: {
    message:
      "'{name}' could not be made in {count} of {of} components; the superproject has no such branch yet:\n{reason}",
    hint: 'what is done stays done; go on from there with: {resume}',
    exitCode: SP_EXIT.partial,
  },
  SP_NOT_MADE: {
    message: "'{tag}' is on {commit}, which no nightly made: it has no line 'Collected:'",
    hint: 'nothing had moved when it was tagged, and a commit made by hand cannot be derived: git show {commit}',
    exitCode: SP_EXIT.refused,
  },
  SP_NOT_REPRODUCED: {
    message: "'{tag}' is {commit}, but its parent and pins give {id}",
    hint: 'it carries more than pins, or was changed after it was made: git show {commit}',
    exitCode: SP_EXIT.refused,
  },
  SP_NO_IDENTITY: {
    message: 'git does not know who you are',
    hint: "git config --global user.name NAME; git config --global user.email MAIL; or: --identity 'Name <mail>'",
    exitCode: SP_EXIT.usage,
  },
  LAB_SOURCE: {
    message:
      "the superproject {url} could not be cloned whole, for its component '{name}':\n{reason}",
    hint: 'nothing was left here; mend that, then: skerry up',
    exitCode: SP_EXIT.failure,
  },
  SP_NESTED_PIN: {
    message: '{about} is pinned at {pin}, which is not to be had from {url}:\n{reason}',
    hint: 'push that commit there, or pin another one; nothing was published',
    exitCode: SP_EXIT.refused,
  },
  SP_NO_COMPONENTS: {
    message: '{url} has no components: it is no superproject, or another branch was meant',
    hint: 'add one in a checkout of it: skerry superproject add <url> <path>',
    exitCode: SP_EXIT.refused,
  },
  SP_TAG_IS_BRANCH: {
    message:
      "{url} has a branch '{tag}': a tag of the same name would make it ambiguous for everybody",
    hint: 'take another name',
    exitCode: SP_EXIT.refused,
  },
  SP_BRANCH_IS_TAG: {
    message:
      "{url} has a tag '{branch}': a branch of the same name would make it ambiguous for everybody",
    hint: 'take another name',
    exitCode: SP_EXIT.refused,
  },
  SP_SCRATCH: {
    message: 'no temporary folder can be made in {dir} ({reason})',
    hint: 'make room there, or set TMPDIR to a folder you can write to',
    exitCode: SP_EXIT.failure,
  },
  SP_SIGN: {
    message: 'cannot sign with {key}: {reason}',
    hint: 'make a key with: ssh-keygen -t ed25519 -f {key}',
    exitCode: SP_EXIT.failure,
  },
} as const satisfies Record<string, ErrorRow>;
