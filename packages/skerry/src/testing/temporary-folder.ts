import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SkerryError } from '../util/errors.ts';

const GUARD = fileURLToPath(new URL('../../share/lab-guard.sh', import.meta.url));
const REMOVE_MS = 60_000;

export interface TemporaryFolder {
  readonly path: string;
  /** Ends every sandbox in there and removes it. @throws LAB_FOLDER_LEFT */
  readonly remove: () => Promise<void>;
}

/**
 * A folder for the state of labs, below `parent`, that goes when this process does, with all that runs in it: however
 * this ends, also by kill -9. A process that holds a pipe of ours makes the folder and sees to that.
 * @throws LAB_FOLDER_LEFT when it cannot be made
 */
export async function temporaryFolder(parent: string): Promise<TemporaryFolder> {
  const child = spawn('sh', [GUARD, parent], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal, and whoever kills our group, is not for it.
    detached: true,
    cwd: '/',
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdin.on('error', () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
  const failed = (code: number): SkerryError =>
    new SkerryError('LAB_FOLDER_LEFT', {
      data: { folder: parent, reason: said.trim() || `the guard ended with ${code}` },
    });
  const [first] = await Promise.race([
    once(child.stdout, 'data') as Promise<[Buffer]>,
    ended.then((code) => Promise.reject(failed(code))),
  ]);
  for (const handle of [child, child.stdin, child.stdout, child.stderr])
    (handle as { unref?: () => void }).unref?.();
  return {
    path: first.toString().trim(),
    remove: async () => {
      child.ref();
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), REMOVE_MS);
      const code = await ended;
      clearTimeout(timer);
      if (code !== 0) throw failed(code);
    },
  };
}
