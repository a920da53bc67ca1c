import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { SkerryError } from '../src/util/errors.ts';
import type { LoadOptions } from '../src/lab-file/load.ts';
import type { LabSpec } from '../src/lab-file/spec.ts';

/** What became of one load: the lab, or its errors as `--json` prints them. */
export interface NativeLoad {
  readonly spec?: LabSpec;
  readonly errors: readonly Pick<SkerryError, 'code' | 'message' | 'hint' | 'place' | 'field'>[];
}

const LOAD = new URL('../src/lab-file/load.ts', import.meta.url).href;
const SCRIPT = `
  import { readFileSync } from 'node:fs';
  import { loadLab } from '${LOAD}';
  const { paths, options } = JSON.parse(readFileSync(0, 'utf8'));
  const results = [];
  for (const path of paths) {
    results.push(await loadLab(path, options).then(
      (spec) => ({ spec, errors: [] }),
      (e) => ({ errors: (e.errors ?? [e]).map((x) => x.toJSON?.() ?? { code: 'NOT_OURS', message: x.stack }) }),
    ));
  }
  console.log(JSON.stringify(results));
`;

/** Loads labs in a plain Node, one after another: vitest replaces `import()`, which is what a lab in a script needs. */
export async function loadNatively(
  paths: readonly string[],
  options: LoadOptions = {},
): Promise<NativeLoad[]> {
  const args = ['--conditions=@skerry/source', '--input-type=module', '-e', SCRIPT];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify({ paths, options }));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  // Also that loading says nothing of its own, such as a warning of Node's.
  if (err !== '') throw new Error(err);
  return JSON.parse(out) as NativeLoad[];
}
