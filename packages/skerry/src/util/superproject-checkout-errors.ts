import type { ErrorRow } from './error-row.ts';
import { SP_EXIT } from './superproject-exit.ts';

/** The rows about checkouts of superprojects; part of the table in error-table.ts. */
export const SUPERPROJECT_CHECKOUT_ERRORS = {
  SP_CONFIG_LOCKED: {
    message: 'another git changes the configuration: {lock} is there',
    hint: 'wait for it; when no git runs any more: rm {lock}',
    exitCode: SP_EXIT.transient,
  },
  SP_CHECKOUT_BUSY: {
    message: 'another command is changing {root}: {holder}',
    hint: 'wait for it or end it, then run the command again',
    exitCode: SP_EXIT.transient,
  },
  SP_PIN_MISSING: {
    message: '{path}: the pinned commit {pin} cannot be had from {url}:\n{reason}',
    hint: '{advice}',
    exitCode: SP_EXIT.failure,
  },
  SP_PATH_LINK: {
    message: '{path}: a symbolic link is on the way to it',
    hint: 'nothing is written through links of a repository (CVE-2024-32002); remove the link',
    exitCode: SP_EXIT.refused,
  },
  SP_PATH_FULL: {
    message: '{path}: there are files in the way, such as {file}',
    hint: 'move them away, then run the command again',
    exitCode: SP_EXIT.refused,
  },
  SP_NAME_NESTED: {
    message: "{name}: its git directory would be inside another component's, {above}",
    hint: 'give it another name: skerry superproject remove, then add --name',
    exitCode: SP_EXIT.refused,
  },
  SP_GIT_DIR_TAKEN: {
    message: '{name}: {gitDir} is in the way and is no git repository',
    hint: 'look what it is; then move it away: mv {gitDir} ELSEWHERE',
    exitCode: SP_EXIT.refused,
  },
  SP_GIT_DIR_CAME: {
    message: '{name}: another git made {gitDir} meanwhile',
    hint: 'run the command again: it goes on with that one',
    exitCode: SP_EXIT.transient,
  },
  SP_COMPONENT_BROKEN: {
    message: '{path} is a superproject itself, and cannot be read:\n{reason}',
    hint: 'mend it there, or leave its components alone: --no-recursive',
    exitCode: SP_EXIT.refused,
  },
  SP_GITMODULES_UNSTAGED: {
    message: '.gitmodules in {root} has changes that are not staged',
    hint: 'stage them, for this edit is staged with them: git add .gitmodules',
    exitCode: SP_EXIT.refused,
  },
  SP_PATH_OUTSIDE: {
    message: '{path} is no place in the superproject {root}',
    hint: 'name a path in it that is not its own root',
    exitCode: SP_EXIT.usage,
  },
  SP_MOVE_INSIDE: {
    message: '{path} cannot go into itself, to {to}',
    hint: 'take a path that is not in it',
    exitCode: SP_EXIT.usage,
  },
  SP_COMPONENT_EXISTS: {
    message: '{what} is there already',
    hint: 'take another path or --name; see: skerry superproject list',
    exitCode: SP_EXIT.refused,
  },
  SP_NO_BRANCH: {
    message: '{what}: the superproject is on no branch',
    hint: 'name one with --branch, or go on one: git switch BRANCH',
    exitCode: SP_EXIT.usage,
  },
  SP_GIT_DIR_KEPT: {
    message:
      "{gitDir} is left from a component '{name}' of before, and would be lost with its work: {lost}",
    hint: 'push them, or move it away: mv {gitDir} ELSEWHERE',
    exitCode: SP_EXIT.refused,
  },
  SP_REMOVE_LOSES: {
    message: '{path} is not removed: {reason}',
    hint: 'commit and push it, or keep its commits here with --keep-git-dir',
    exitCode: SP_EXIT.refused,
  },
  SP_REMOVE_IGNORED: {
    message: '{path} is not removed: git ignores files in it, such as {file}, and nobody has them',
    hint: 'move away what you need; then: skerry superproject remove --force {component}',
    exitCode: SP_EXIT.refused,
  },
  SP_UPDATE_WORK: {
    message: '{path} has work of yours in it: {reason}',
    hint: 'commit or stash it, or leave it out: skerry superproject update OTHERS',
    exitCode: SP_EXIT.refused,
  },
  SP_PIN_DANGLING: {
    message: '{path}: the pin {pin} is not to be published: {reason}',
    hint: 'put it on a branch and push again: skerry superproject start TOPIC {path}; then: skerry superproject push',
    exitCode: SP_EXIT.refused,
  },
  SP_PUSH_PARTIAL: {
    message:
      '{count} of {of} components were not pushed, so the superproject was not either:\n{reason}',
    hint: 'what is pushed stays; mend that, then run the command again',
    exitCode: SP_EXIT.partial,
  },
  SP_PUSH_SUPER: {
    message: '{what} pushed, but the superproject was not:\n{reason}',
    hint: '{todo}',
    exitCode: SP_EXIT.partial,
  },
  SP_PUSH_BEHIND: {
    message: 'the superproject was not pushed, its remote has commits that are not here:\n{reason}',
    hint: '{todo}',
    exitCode: SP_EXIT.refused,
  },
  SP_TOPIC_NAME: {
    message: "'{topic}' cannot be the name of a branch",
    hint: 'for example: skerry superproject start fix-login libs/net',
    exitCode: SP_EXIT.usage,
  },
  SP_TOPIC_NOTHING: {
    message: 'no component has changes or commits of yours',
    hint: 'name those to work in: skerry superproject start {topic} PATH',
    exitCode: SP_EXIT.usage,
  },
  SP_TOPIC_TAKEN: {
    message: "{path} has a branch '{topic}' already, at {tip} and not where HEAD is",
    hint: 'take another name, or go on it there: git -C {path} switch {topic}',
    exitCode: SP_EXIT.refused,
  },
  SP_HOOK_TAKEN: {
    message: '{file} is a hook of somebody else',
    hint: 'add to it: skerry superproject hook pre-push "$@" (or pre-receive); or move it away',
    exitCode: SP_EXIT.refused,
  },
  SP_DIR_EXISTS: {
    message: '{dir} is there already, and is not empty',
    hint: 'name another folder; for a checkout that is there: skerry superproject sync',
    exitCode: SP_EXIT.usage,
  },
  SP_GROUP_UNKNOWN: {
    message: "no component is in the group '{group}'",
    hint: 'the groups are: {known}; superproject-group in .gitmodules says so',
    exitCode: SP_EXIT.usage,
  },
} as const satisfies Record<string, ErrorRow>;
