import type { ErrorRow } from './error-row.ts';

/** Exit codes of `skerry superproject`, which CI jobs tell apart (docs/how-to/superproject.md). */
export const SP_EXIT = { failure: 1, usage: 2, refused: 3, transient: 4, partial: 5 } as const;

/** The rows about superprojects; part of the table in error-table.ts. */
export const SUPERPROJECT_ERRORS = {
  SP_GIT: {
    message: 'git {action} failed{where}:\n{reason}',
    hint: 'try it by hand: {command}',
    exitCode: SP_EXIT.failure,
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
} as const satisfies Record<string, ErrorRow>;
