// Pains 8, 9, 17, 21: what a remote answers.
import { shellWord } from '../../util/shell-quote.ts';
import type { ErrorCode } from '../../util/error-table.ts';
import { appendUrl } from './mend-config.ts';
import { isRelative, resolveUrl, shownUrl } from '../module-url.ts';
import { listRefs } from '../remote-refs.ts';
import { policyOf, trackedBranch } from '../tracked.ts';
import {
  type Answer,
  type Finding,
  type Patient,
  type PatientComponent,
  someOf,
} from './patient.ts';

const PAIN_OF: Partial<Record<ErrorCode, 'pain-9' | 'pain-21'>> = {
  SP_REPOSITORY_MISSING: 'pain-9',
  SP_DENIED: 'pain-21',
};

/** Remotes that cannot be read, by why. */
export async function checkUnreadable(patient: Patient): Promise<readonly Finding[]> {
  const all = patient.components.map(async (component): Promise<readonly Finding[]> => {
    const error = patient.answers.get(component.name)?.error;
    if (!error) return [];
    const { path } = component;
    const pain = PAIN_OF[error.code] ?? 'pain-17';
    if (pain === 'pain-9') return [await missing(patient, component)];
    return [{ pain, level: 'problem', path, message: error.message, hint: error.hint }];
  });
  return (await Promise.all(all)).flat();
}

async function missing(patient: Patient, component: PatientComponent): Promise<Finding> {
  const { path, remote } = component;
  const found = await elsewhere(patient, component);
  const { checkout } = patient;
  return {
    ...{ pain: 'pain-9', level: 'problem', path },
    message: `there is no repository at ${shownUrl(remote)}`,
    hint: found
      ? `it is at ${shownUrl(found)}: git config ${shellWord(`url.${shownUrl(found)}.insteadOf`)} ${shellWord(shownUrl(remote))}`
      : isRelative(component.url)
        ? 'in a fork: add the remote of the original, and run doctor --fix: git remote add upstream <url>'
        : `correct the url of ${component.name} in .gitmodules`,
    fix:
      found && checkout ? (changes) => appendUrl(changes, checkout, { found, remote }) : undefined,
  };
}

/** Where another remote of the checkout would have it. */
async function elsewhere(
  { network, checkout }: Patient,
  { url, remote, name }: PatientComponent,
): Promise<string | undefined> {
  if (!checkout || !isRelative(url)) return undefined;
  const others = [...checkout.remotes.values()].map((base) => resolveUrl(base, url));
  for (const other of new Set(others))
    if (other !== remote) {
      const answer = await listRefs(network, other, ['HEAD'], name).catch(() => undefined);
      if (answer) return other;
    }
  return undefined;
}

/** `branch` of `.gitmodules` and the branches of the remote. */
export function checkBranches({ components, answers, branch: own }: Patient): readonly Finding[] {
  return components.flatMap((component): Finding[] => {
    const { path, remote } = component;
    const branch = trackedBranch(component, own);
    const answer = answers.get(component.name);
    if (branch === undefined || policyOf(component) === 'frozen' || !isRead(answer)) return [];
    if (answer.refs.has(`refs/heads/${branch}`)) return [];
    return [
      {
        ...{ pain: 'pain-8', level: 'problem', path },
        message: `its remote has no branch '${branch}', which it follows`,
        hint: `see what it has: git ls-remote --heads ${shellWord(shownUrl(remote))}`,
      },
    ];
  });
}

export function isRead(answer: Answer | undefined): answer is Answer {
  return answer !== undefined && answer.error === undefined;
}

/** Absolute urls that could be relative. */
export function checkAbsolute({ components, url }: Patient): readonly Finding[] {
  const beside = resolveUrl(url, '../x').slice(0, -1);
  const paths = components
    .filter((one) => !isRelative(one.url) && one.url.startsWith(beside))
    .map(({ path }) => path);
  if (paths.length === 0) return [];
  return [
    {
      ...{ pain: 'pain-9', level: 'note' },
      message: `their urls are absolute, and beside the superproject's, so mirrors and forks still go there: ${someOf(paths)}`,
      hint: 'write them as ../NAME in .gitmodules',
    },
  ];
}
