import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BenchContext, BenchError } from './bench.ts';
import { run } from './process.ts';
import type { BuiltSkerry } from './skerry.ts';

/** What of `skerry image list --json` benches need. */
export interface SkerryImage {
  readonly name: string;
  readonly digest: string;
  readonly dir: string;
  readonly disk: string;
  readonly kernel: string;
  readonly initrd?: string;
  readonly kernelArgs: string;
  readonly virtualSizeBytes: number;
}

/** Copies an image of the user into the bench's own store: one that is built meanwhile changes nothing. */
export async function copyImage(
  { signal, fact }: BenchContext,
  { argv, env, dataDir }: BuiltSkerry,
  name: string,
): Promise<SkerryImage> {
  const { SKERRY_DATA_DIR: _, ...users } = env;
  const own = process.env.SKERRY_DATA_DIR;
  const { stdout } = await run([...argv, 'image', 'list', '--json'], {
    signal,
    env: own === undefined ? users : { ...users, SKERRY_DATA_DIR: own },
  });
  const image = (JSON.parse(stdout) as SkerryImage[]).find((known) => known.name === name);
  if (!image) throw new BenchError(`there is no image ${name}: skerry image build ${name}`);
  const dir = join(dataDir, 'images', image.digest);
  const names = join(dataDir, 'images', 'names');
  await mkdir(names, { recursive: true });
  await cp(image.dir, dir, { recursive: true });
  await writeFile(join(names, name), `${image.digest}\n`);
  fact('image', `${name} ${image.digest.slice(0, 12)}`);
  return { ...image, dir };
}
