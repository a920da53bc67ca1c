// Pains 4, 5, 13: the clones of components in a checkout.
import { shellWord } from '../../util/shell-quote.ts';
import { each } from '../checkout/each.ts';
import { firstUnreachable, hasCommit } from '../checkout/objects-here.ts';
import { remoteOf } from '../checkout/fetch-pinned.ts';
import { readRefs } from '../checkout/refs-here.ts';
import { rescue } from '../checkout/rescue.ts';
import { tryGit } from '../git.ts';
import { trackedBranch } from '../tracked.ts';
import {
  type Finding,
  type Patient,
  presentOnes,
  type PresentComponent,
  someOf,
} from './patient.ts';

/** Processes at once; more only wait for a processor. */
const WIDTH = 8;
const KEEPERS = ['--branches', '--tags', '--remotes', '--glob=refs/superproject/*'];

export async function checkDetached(patient: Patient): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const atTips: string[] = [];
  for (const component of presentOnes(patient)) {
    const { head, pin, path } = component;
    if (head?.commit === undefined || head.branch !== undefined) continue;
    if (head.commit !== pin) found.push(...(await onNothing(patient, component, head.commit)));
    else if (await isAtTip(patient, component)) atTips.push(path);
  }
  if (atTips.length === 0) return found;
  const note: Finding = {
    ...{ pain: 'pain-13', level: 'note' },
    message: `detached at the tips of the branches they follow: ${someOf(atTips)}`,
    hint: 'skerry superproject sync --attach',
  };
  return [...found, note];
}

async function onNothing(
  { network: { signal } }: Patient,
  { dir, pin, path }: PresentComponent,
  head: string,
): Promise<readonly Finding[]> {
  const where = { cwd: dir, signal };
  const isPinHere = pin !== undefined && (await hasCommit(pin, where));
  const kept = isPinHere ? [...KEEPERS, pin] : KEEPERS;
  if ((await firstUnreachable([head], kept, where)) === undefined) return [];
  const finding: Finding = {
    ...{ pain: 'pain-4', level: 'problem', path },
    message: `its HEAD ${head.slice(0, 12)} is detached and has commits on no branch`,
    hint: 'put them on one: skerry superproject start TOPIC; doctor --fix gives them a ref',
    fix: async (changes) => {
      await rescue(changes, { dir, head, to: isPinHere ? pin : undefined });
    },
  };
  return [finding];
}

async function isAtTip(
  { network: { signal }, branch: own }: Patient,
  component: PresentComponent,
): Promise<boolean> {
  const branch = trackedBranch(component, own);
  const remote = remoteOf(component.at.commonDir);
  if (branch === undefined || remote === undefined) return false;
  const refs = await readRefs(component.at, signal);
  return refs.get(`refs/remotes/${remote}/${branch}`) === component.pin;
}

/** A shallow clone fetches one branch, and git then finds no other. */
export async function checkRefspecs(patient: Patient): Promise<readonly Finding[]> {
  const { branch: own, network } = patient;
  const found = await each(
    presentOnes(patient),
    WIDTH,
    async (component): Promise<readonly Finding[]> => {
      const { path, at, dir } = component;
      const branch = trackedBranch(component, own);
      const remote = remoteOf(at.commonDir);
      if (branch === undefined || remote === undefined) return [];
      const key = `remote.${remote}.fetch`;
      const file = ['config', '--file', `${at.commonDir}/config`];
      const ask = { cwd: dir, signal: network.signal, answers: [1] };
      const { stdout } = await tryGit([...file, '--get-all', key], ask);
      const fetched = new Set(
        stdout
          .toString()
          .split('\n')
          .map((line) => line.replace(/^\+/, '').split(':')[0]),
      );
      if (fetched.has('refs/heads/*') || fetched.has(`refs/heads/${branch}`)) return [];
      const all = `+refs/heads/*:refs/remotes/${remote}/*`;
      return [
        {
          ...{ pain: 'pain-5', level: 'problem', path },
          message: `its clone does not fetch '${branch}', which it follows`,
          hint: `git -C ${shellWord(path)} remote set-branches ${shellWord(remote)} '*'`,
          fix: (changes) => changes.git([...file, '--replace-all', key, all], { cwd: dir }),
        },
      ];
    },
  );
  return found.flat();
}
