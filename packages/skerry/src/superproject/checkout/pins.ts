import { type GitOptions, runGit, tryGit } from '../git.ts';

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

/** Path to pin in a commit; nothing where a ref names no commit yet. An id has to be there. @throws what runGit throws */
export async function readHeadPins(
  root: string,
  signal?: AbortSignal,
  commit = 'HEAD',
  env: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, string>> {
  const where = { cwd: root, signal, env };
  const isId = /^[0-9a-f]{40,64}$/.test(commit);
  if (isId && (await typeOf(commit, where)) === 'blob') return new Map();
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
  const { stdout } = await tryGit(args, { ...where, answers: isId ? [] : [128] });
  return new Map([...links(stdout.toString(), 2)].map(({ path, id }) => [path, id]));
}

/** The type of an object; of what it is about, for a tag, which may be a file. */
async function typeOf(id: string, where: GitOptions): Promise<string | undefined> {
  const args = ['cat-file', '--batch-check=%(objecttype)'];
  const out = await runGit(args, { ...where, input: `${id}^{}\n` });
  return out.toString().trim();
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
