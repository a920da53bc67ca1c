// An image store with the tests' image and no template, for tests that look at templates.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finish } from './cli.ts';

export interface OwnStore extends AsyncDisposable {
  /** For testLab. */
  readonly env: { readonly SKERRY_DATA_DIR: string };
  readonly templatesDir: string;
  /** The folders of whole templates. */
  readonly templates: () => Promise<string[]>;
  /** Everything that killed commands left of templates. */
  readonly leftovers: () => Promise<string[]>;
}

const IMAGE = 'debian-12';

export async function ownStore(): Promise<OwnStore> {
  const data = await mkdtemp(join(tmpdir(), 'skerry-data-'));
  await chmod(data, 0o755);
  const users = process.env.SKERRY_DATA_DIR ?? join(homedir(), '.local/share/skerry');
  const images = join(data, 'images');
  await mkdir(join(images, 'names'), { recursive: true });
  const name = join('names', IMAGE);
  await cp(join(users, 'images', name), join(images, name));
  const digest = (await readFile(join(images, name), 'utf8')).trim();
  // Links, where that works: nobody ever writes to an image.
  const from = join(users, 'images', digest);
  const linked = await finish(['cp', '-al', from, images]);
  if (linked.code !== 0) await finish(['cp', '-a', from, images]);
  const templatesDir = join(images, 'templates');
  const entries = (): Promise<string[]> => readdir(templatesDir).catch(() => []);
  return {
    env: { SKERRY_DATA_DIR: data },
    templatesDir,
    templates: async () => (await entries()).filter((entry) => !entry.startsWith('.')).sort(),
    leftovers: async () => (await entries()).filter((entry) => entry.startsWith('.making-')),
    [Symbol.asyncDispose]: () => rm(data, { recursive: true, force: true }),
  };
}

/** SHA-256 of each file in a folder. */
export async function hashesOf(folder: string): Promise<Record<string, string>> {
  const hashed = (await readdir(folder)).sort().map(async (file) => {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(folder, file))) hash.update(chunk as Buffer);
    return [file, hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashed));
}
