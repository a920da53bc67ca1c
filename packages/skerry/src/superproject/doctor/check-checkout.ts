// Pains 6, 7, 10, 11, 12: the checkout of the superproject.
import { shellWord } from '../../util/shell-quote.ts';
import type { Changes } from '../checkout/changes.ts';
import type { Checkout, CheckoutComponent } from '../checkout/checkout.ts';
import { fetchPinned, remoteOf } from '../checkout/fetch-pinned.ts';
import { findGitDir } from '../checkout/git-dir.ts';
import { clearLeftOver, findLeftOvers } from '../checkout/left-over.ts';
import { hasCommit, isBefore } from '../checkout/objects-here.ts';
import { readIndexPins } from '../checkout/pins.ts';
import { mendUrls, urlDrifts } from '../checkout/url-drift.ts';
import { tryGit } from '../git.ts';
import { shownUrl } from '../module-url.ts';
import { SkerryError } from '../../util/errors.ts';
import { trackedBranch } from '../tracked.ts';
import { writeKeys } from './edit-checkout.ts';
import { scopesOf, unsetLocal } from './mend-config.ts';
import type { Finding, Patient } from './patient.ts';
import { join } from 'node:path';

export async function checkOverrides({
  checkout,
  network,
  branch,
}: Patient): Promise<readonly Finding[]> {
  if (!checkout) return [];
  const urls = await urlDrifts(checkout, network.signal);
  const ofUrls = urls.map((drift): Finding => {
    const { component, configured, isStale } = drift;
    return {
      ...{ pain: 'pain-6', level: isStale ? 'problem' : 'note', path: component.path },
      message: `.git/config says the url ${shownUrl(configured)}, .gitmodules says ${shownUrl(component.remote)}`,
      hint: isStale
        ? `git submodule sync ${shellWord(component.path)}`
        : 'somebody chose it, for a fork perhaps; it stays',
      fix: isStale ? (changes) => mendUrls(changes, checkout, [drift]) : undefined,
    };
  });
  const ofBranches = checkout.components.flatMap((component): Finding[] => {
    const key = `submodule.${component.name}.branch`;
    const configured = checkout.config.get(key);
    const isSame = [undefined, component.branch, trackedBranch(component, branch)];
    if (isSame.includes(configured)) return [];
    return [
      {
        ...{ pain: 'pain-6', level: 'problem', path: component.path },
        message: `.git/config says the branch '${configured}', .gitmodules says '${component.branch ?? 'none'}'`,
        hint: `git config --unset ${shellWord(key)}`,
        fix: (changes) => unsetLocal(changes, checkout, key),
      },
    ];
  });
  return [...ofUrls, ...ofBranches];
}

export function checkDot({ checkout, branch, components }: Patient): readonly Finding[] {
  const dots = components.filter((one) => one.branch === '.');
  if (!checkout || branch !== undefined || dots.length === 0) return [];
  const message = `${dots.length} components follow 'branch = .', and no branch is checked out`;
  return [{ pain: 'pain-7', level: 'problem', message, hint: 'name it: --branch BRANCH' }];
}

export function checkConflicts({ checkout, answers, branch: own }: Patient): readonly Finding[] {
  if (!checkout) return [];
  return checkout.components
    .filter(({ isConflicted }) => isConflicted)
    .map((component) => {
      const { path, name } = component;
      const { refs, head } = answers.get(name) ?? {
        refs: new Map<string, string>(),
        head: undefined,
      };
      const branch = trackedBranch(component, own) ?? head;
      const tip = refs.get(`refs/heads/${branch}`);
      const isMendable = tip !== undefined && component.state === 'present';
      return {
        ...{ pain: 'pain-10', level: 'problem', path },
        message: 'a merge left more than one pin',
        hint: `merge the branches of the component, then: skerry superproject update ${shellWord(path)}`,
        fix: isMendable ? (changes) => takeTip(changes, checkout, component, tip) : undefined,
      };
    });
}

/** Only forward: all sides of the conflict have to come before the tip. @throws SP_REWOUND */
async function takeTip(
  changes: Changes,
  { root }: Checkout,
  component: CheckoutComponent,
  tip: string,
): Promise<void> {
  const { dir, path, name, at, remote, configuredUrl } = component;
  const where = { cwd: dir, signal: changes.signal };
  if (!(await hasCommit(tip, where))) {
    const url = configuredUrl ?? remote;
    await fetchPinned(changes, { cwd: dir, commonDir: at.commonDir, path, url, pin: tip });
    if (changes.isDryRun) return;
  }
  const sides = (await readIndexPins(root, changes.signal)).get(path) ?? [];
  for (const side of sides)
    if (!(await isBefore(side, tip, where))) {
      const data = {
        name,
        branch: component.branch ?? 'HEAD',
        from: side.slice(0, 12),
        to: tip.slice(0, 12),
      };
      throw new SkerryError('SP_REWOUND', { data });
    }
  await changes.git(['update-index', '--cacheinfo', `160000,${tip},${path}`], { cwd: root });
}

export async function checkHalves({ checkout, network }: Patient): Promise<readonly Finding[]> {
  if (!checkout) return [];
  const strays = [...checkout.strays.keys()].map((path) => stray(checkout, path, network.signal));
  const others = checkout.components.map(async (component): Promise<Finding[]> => {
    const { name, path, pin, state } = component;
    if (pin === undefined)
      return [
        {
          ...{ pain: 'pain-11', level: 'problem', path },
          message: 'it has a section in .gitmodules, and nothing is pinned',
          hint: `skerry superproject update ${shellWord(path)}, or: skerry superproject remove ${shellWord(path)}`,
        },
      ];
    if (state !== 'bare') return [];
    const kept = await urlOf(checkout.root, component.at.commonDir, network.signal);
    const wanted = component.configuredUrl ?? component.remote;
    if (kept === undefined || kept === wanted || kept === component.remote) return [];
    return [
      {
        ...{ pain: 'pain-11', level: 'problem', path },
        message: `a git directory of ${shownUrl(kept)} is kept here under its name`,
        hint: `look whether it has commits of yours, then: mv ${shellWord(`.git/modules/${name}`)} ELSEWHERE`,
      },
    ];
  });
  return (await Promise.all([...strays.map(async (one) => [await one]), ...others])).flat();
}

async function stray(checkout: Checkout, path: string, signal?: AbortSignal): Promise<Finding> {
  const { root } = checkout;
  const own = findGitDir(join(root, path));
  const url = own && (await urlOf(root, own.commonDir, signal));
  return {
    ...{ pain: 'pain-11', level: 'problem', path },
    message: 'it is pinned, and has no section in .gitmodules',
    hint:
      url === undefined ? `git rm --cached ${shellWord(path)}` : `its clone is of ${shownUrl(url)}`,
    fix: (changes) =>
      url === undefined
        ? changes.git(['update-index', '--force-remove', '--', path], { cwd: root })
        : writeKeys(changes, checkout, [
            { name: path, key: 'path', value: path },
            { name: path, key: 'url', value: shownUrl(url) },
          ]),
  };
}

async function urlOf(
  root: string,
  commonDir: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const remote = remoteOf(commonDir);
  if (remote === undefined) return undefined;
  const args = ['config', '--file', join(commonDir, 'config'), '--get', `remote.${remote}.url`];
  const { stdout } = await tryGit(args, { cwd: root, signal, answers: [1] });
  return stdout.toString().trimEnd() || undefined;
}

export async function checkLeftOvers({ checkout, network }: Patient): Promise<readonly Finding[]> {
  if (!checkout) return [];
  const { root } = checkout;
  const overs = findLeftOvers(checkout).map((over): Finding => ({
    ...{ pain: 'pain-12', level: 'problem', path: over.path },
    message: 'it is a work tree of a component that this commit does not have there',
    hint: 'skerry superproject sync',
    fix: async (changes) => {
      const { path, reason } = await clearLeftOver(changes, over, root);
      if (reason !== undefined)
        throw new SkerryError('SP_REMOVE_LOSES', { data: { path, reason } });
    },
  }));
  const key = 'submodule.recurse';
  if (!/^(true|yes|on|1)$/i.test(checkout.config.get(key) ?? '')) return overs;
  const isLocal = (await scopesOf(checkout, key, network.signal)).at(-1) === 'local';
  const recurse: Finding = {
    ...{ pain: 'pain-12', level: 'problem' },
    message: `${key} is on: a switch may overwrite work in components`,
    hint: `git config ${isLocal ? '' : '--global '}--unset ${key}`,
    fix: isLocal ? (changes) => unsetLocal(changes, checkout, key) : undefined,
  };
  return [...overs, recurse];
}
