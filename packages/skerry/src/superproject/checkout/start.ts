import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { runGit, tryGit } from '../git.ts';
import type { Network } from '../network.ts';
import { isObjectId } from '../ref-name.ts';
import { refAt } from './attach.ts';
import { CALM, Changes } from './changes.ts';
import { type CheckoutComponent, readCheckout } from './checkout.ts';
import type { GitDir, Head } from './git-dir.ts';
import { lockCheckout } from './lock.ts';
import { selectFrom } from './select.ts';
import { localStatus } from './status-local.ts';
import { allOrNothing } from './undo.ts';

export interface StartOptions {
  readonly topic: string;
  /** Components; none: those with changes or commits of your own. */
  readonly words?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Started {
  readonly topic: string;
  /** Paths of the components that are on it now; the superproject is, too. */
  readonly components: readonly string[];
  readonly commands: readonly string[];
}

interface Place extends GitDir {
  readonly path: string;
  readonly dir: string;
  readonly head: Head | undefined;
}

/**
 * Makes a topic branch where HEAD is, in the superproject and in components, and goes on it; changes come along. One that
 * is there already is gone on only where it is at HEAD. All of them or none.
 *
 * @throws SP_TOPIC_NAME, SP_TOPIC_NOTHING, SkerryErrors of SP_TOPIC_TAKEN
 */
export async function startTopic(
  network: Network,
  root: string,
  options: StartOptions,
): Promise<Started> {
  const { topic, words = [], cwd, dryRun } = options;
  const { signal } = network;
  await refuseName(topic, root);
  await using _lock = await lockCheckout(network, root, { command: 'start', isDryRun: dryRun });
  const checkout = await readCheckout(root, signal);
  const named = selectFrom(checkout, { words, cwd });
  const present = named.filter(({ state }) => state === 'present');
  const chosen = words.length > 0 ? present : await touched(checkout, present, topic, signal);
  if (chosen.length === 0) throw new SkerryError('SP_TOPIC_NOTHING', { data: { topic } });
  const places: Place[] = [
    ...chosen.map(({ at, path, dir, head }) => ({ ...at, path, dir, head })),
    {
      gitDir: checkout.gitDir,
      commonDir: checkout.commonDir,
      path: '.',
      dir: root,
      head: checkout.head,
    },
  ];
  const todo = await notThere(places, topic, signal);
  const changes = new Changes(network, dryRun);
  await allOrNothing(async (defer) => {
    for (const place of todo) {
      const isThere = (await refAt(place, `refs/heads/${topic}`, signal)) !== undefined;
      const args = isThere ? [topic] : ['--no-track', '-b', topic];
      await changes.git(['checkout', '--quiet', ...args, '--'], { cwd: place.dir });
      defer(() => goBack(changes, place, topic, isThere));
    }
  });
  return { topic, components: chosen.map(({ path }) => path), commands: changes.commands };
}

/** Where it has still to be gone on. @throws SkerryErrors of SP_TOPIC_TAKEN */
async function notThere(
  places: readonly Place[],
  topic: string,
  signal: AbortSignal | undefined,
): Promise<readonly Place[]> {
  const errors: SkerryError[] = [];
  for (const place of places) {
    const tip = await refAt(place, `refs/heads/${topic}`, signal);
    if (tip === undefined || tip === place.head?.commit || place.head?.branch === topic) continue;
    const data = { path: place.path, topic, tip: tip.slice(0, 12) };
    errors.push(new SkerryError('SP_TOPIC_TAKEN', { data }));
  }
  if (errors.length > 0) throw new SkerryErrors(errors);
  return places.filter(({ head }) => head?.branch !== topic);
}

async function touched(
  checkout: Parameters<typeof localStatus>[0],
  components: readonly CheckoutComponent[],
  topic: string,
  signal: AbortSignal | undefined,
): Promise<readonly CheckoutComponent[]> {
  const statuses = await localStatus(checkout, components, { signal });
  return components.filter(({ head, pin }, at) => {
    const status = statuses[at];
    return (
      status?.isDirty ||
      (status?.unpushed ?? 0) > 0 ||
      head?.commit !== pin ||
      head?.branch === topic
    );
  });
}

async function refuseName(topic: string, cwd: string): Promise<void> {
  const args = ['check-ref-format', '--branch', topic];
  const { code } = await tryGit(args, { cwd, answers: [1, 128] });
  // A branch that looks like a commit is taken for one (CVE-2026-47191).
  if (code !== 0 || isObjectId(topic) || topic.startsWith('-'))
    throw new SkerryError('SP_TOPIC_NAME', { data: { topic } });
}

async function goBack(
  changes: Changes,
  { dir, head }: Place,
  topic: string,
  wasThere: boolean,
): Promise<void> {
  if (changes.isDryRun || !head) return;
  const to = head.branch === undefined ? ['--detach', head.commit ?? 'HEAD'] : [head.branch];
  await runGit([...CALM, 'checkout', '--quiet', ...to, '--'], { cwd: dir });
  if (!wasThere) await runGit([...CALM, 'branch', '--quiet', '-D', '--', topic], { cwd: dir });
}
