import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runGit } from '../git.ts';
import { type GitDir, readText } from './git-dir.ts';

/** Full ref name to object id of all refs of a repository: from files, or from git where refs are not files. */
export async function readRefs(
  { gitDir, commonDir }: GitDir,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (existsSync(join(commonDir, 'reftable'))) return askRefs(gitDir, signal);
  const refs = new Map<string, string>();
  for (const line of (readText(join(commonDir, 'packed-refs')) ?? '').split('\n')) {
    const [id = '', ref] = line.split(' ');
    if (ref?.startsWith('refs/') && /^[0-9a-f]+$/.test(id)) refs.set(ref, id);
  }
  for (const ref of looseRefs(commonDir, 'refs')) {
    const id = readText(join(commonDir, ref))?.trimEnd() ?? '';
    if (/^[0-9a-f]{40,64}$/.test(id)) refs.set(ref, id);
  }
  return refs;
}

function* looseRefs(commonDir: string, folder: string): Generator<string> {
  let entries;
  try {
    entries = readdirSync(join(commonDir, folder), { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries)
    if (entry.isDirectory()) yield* looseRefs(commonDir, `${folder}/${entry.name}`);
    else if (!entry.name.endsWith('.lock')) yield `${folder}/${entry.name}`;
}

async function askRefs(gitDir: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const args = ['--git-dir', gitDir, 'for-each-ref', '--format=%(refname) %(objectname)'];
  const out = await runGit(args, { signal, env: { GIT_WORK_TREE: gitDir } });
  const lines = out.toString().split('\n').filter(Boolean);
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}
