// Pains 5, 14, 16, 18, 19, 22: configuration and names.
import { shellWord } from '../../util/shell-quote.ts';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runGit } from '../git.ts';
import { readText } from '../checkout/git-dir.ts';
import { policyOf } from '../tracked.ts';
import { isRead } from './check-remotes.ts';
import { writeKeys } from './edit-checkout.ts';
import { scopesOf, unsetLocal } from './mend-config.ts';
import type { Finding, Patient } from './patient.ts';

/** What a component follows should be in `.gitmodules`, for all to see. */
export function checkUnwritten({ components, answers, checkout }: Patient): readonly Finding[] {
  return components
    .filter((one) => one.branch === undefined && policyOf(one) !== 'frozen')
    .map(({ name, path }) => {
      const answer = answers.get(name);
      const value = isRead(answer) ? answer.head : undefined;
      return {
        ...{ pain: 'pain-5', level: 'problem', path },
        message: `.gitmodules does not say what it follows; its remote's default branch is '${value ?? 'unknown'}'`,
        hint: `git config -f .gitmodules ${shellWord(`submodule.${name}.branch`)} ${shellWord(value ?? 'BRANCH')}`,
        fix:
          checkout && value !== undefined
            ? (changes) => writeKeys(changes, checkout, [{ name, key: 'branch', value }])
            : undefined,
      };
    });
}

export async function checkFileProtocol({
  checkout,
  network,
}: Patient): Promise<readonly Finding[]> {
  const key = 'protocol.file.allow';
  if (!checkout || checkout.config.get(key) !== 'always') return [];
  const isLocal = (await scopesOf(checkout, key, network.signal)).at(-1) === 'local';
  return [
    {
      ...{ pain: 'pain-14', level: 'problem' },
      message: `${key} is always: components of others may read this computer's repositories`,
      hint: `git config ${isLocal ? '' : '--global '}--unset ${key}`,
      fix: isLocal ? (changes) => unsetLocal(changes, checkout, key) : undefined,
    },
  ];
}

const MANY = 10;

export function checkJobs({ checkout, components }: Patient): readonly Finding[] {
  if (!checkout || components.length < MANY || checkout.config.has('submodule.fetchjobs'))
    return [];
  const message = `git fetches ${components.length} components one after another`;
  return [{ pain: 'pain-16', level: 'note', message, hint: 'git config submodule.fetchJobs 8' }];
}

/** A worktree whose folder is gone; its components' git directories are still there, with what was never pushed. */
export async function checkWorktrees({ checkout, network }: Patient): Promise<readonly Finding[]> {
  const folder = checkout && join(checkout.commonDir, 'worktrees');
  if (!checkout || folder === undefined || !existsSync(folder)) return [];
  await runGit(['worktree', 'list'], { cwd: checkout.root, signal: network.signal });
  return readdirSync(folder).flatMap((name): Finding[] => {
    const modules = join(folder, name, 'modules');
    const dotGit = readText(join(folder, name, 'gitdir'))?.trimEnd();
    if (dotGit === undefined || existsSync(dotGit) || !existsSync(modules)) return [];
    return [
      {
        ...{ pain: 'pain-18', level: 'problem' },
        message: `the worktree ${dotGit.replace(/\/\.git$/, '')} is gone, and git worktree prune would delete its components' commits`,
        hint: `see what they have: git --git-dir ${shellWord(`${modules}/NAME`)} log --all --not --remotes; then: git worktree prune`,
      },
    ];
  });
}

const BOTS: readonly { readonly file: RegExp; readonly says: RegExp; readonly bot: string }[] = [
  { file: /^\.github\/dependabot\.ya?ml$/, says: /gitsubmodule/, bot: 'Dependabot' },
  {
    file: /^(\.github\/|\.gitlab\/)?(\.?renovate(rc)?)(\.json5?)?$/,
    says: /git-submodules/,
    bot: 'Renovate',
  },
];

export function checkBots({ checkout, files }: Patient): readonly Finding[] {
  if (!checkout) return [];
  return BOTS.flatMap(({ file, says, bot }) =>
    files
      .filter((path) => file.test(path) && says.test(readText(join(checkout.root, path)) ?? ''))
      .map((path) => ({
        ...({ pain: 'pain-19', level: 'note' } as const),
        message: `${bot} moves components one by one (${path})`,
        hint: 'one commit for all: skerry superproject nightly, or update',
      })),
  );
}

const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
const LONGEST = 120;

export function checkNames({ components, files }: Patient): readonly Finding[] {
  const variants = new Map<string, Set<string>>();
  for (const path of [...files, ...components.map(({ path: own }) => own)])
    for (const part of withFolders(path)) {
      const key = folded(part);
      variants.set(key, (variants.get(key) ?? new Set()).add(part));
    }
  return components.flatMap(({ name, path }) => {
    const parts = path.split('/');
    const bad = parts.find((part) => RESERVED.test(part) || /[:*?"<>|]|[. ]$/.test(part));
    const twin = withFolders(path)
      .map((part) => [part, [...(variants.get(folded(part)) ?? [])].find((each) => each !== part)])
      .find(([, other]) => other !== undefined);
    const messages = [
      ...(bad === undefined ? [] : [`Windows cannot have '${bad}'`]),
      ...tooLong('name', name),
      ...tooLong('path', path),
      ...(twin ? [`'${twin[0]}' and '${twin[1]}' are one folder on Windows and macOS`] : []),
    ];
    return messages.map((message) => ({
      ...({ pain: 'pain-22', level: 'problem', path, message } as const),
      hint: `skerry superproject move ${shellWord(path)} NEW`,
    }));
  });
}

/** With the folder around it and the files in it. */
function tooLong(what: 'name' | 'path', { length }: string): string[] {
  return length > LONGEST ? [`its ${what} has ${length} characters: too long for Windows`] : [];
}

/** As file systems compare that know no case. */
function folded(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** @example withFolders('a/b') // ['a', 'a/b'] */
function withFolders(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
