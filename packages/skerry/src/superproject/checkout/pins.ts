import { runGit, tryGit } from '../git.ts';

/** Path to the pins of the index: more than one where a merge left a conflict. */
export async function readIndexPins(
  root: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const out = await runGit(['ls-files', '--stage', '-z'], { cwd: root, signal });
  const pins = new Map<string, string[]>();
  for (const { path, id } of links(out.toString(), 1))
    pins.set(path, [...(pins.get(path) ?? []), id]);
  return pins;
}

/** Path to pin in a commit; nothing where there is no such commit yet. */
export async function readHeadPins(
  root: string,
  signal?: AbortSignal,
  commit = 'HEAD',
  env: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, string>> {
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
  const { stdout } = await tryGit(args, { cwd: root, signal, env, answers: [128] });
  return new Map([...links(stdout.toString(), 2)].map(({ path, id }) => [path, id]));
}

/** Gitlinks in the output of ls-files --stage (the id is the second word) or ls-tree (the third). */
function* links(text: string, word: 1 | 2): Generator<{ path: string; id: string }> {
  for (const entry of text.split('\0')) {
    if (!entry.startsWith('160000 ')) continue;
    const tab = entry.indexOf('\t');
    const id = entry.slice(0, tab).split(' ')[word];
    if (id !== undefined) yield { path: entry.slice(tab + 1), id };
  }
}
