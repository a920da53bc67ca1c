import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the built UI: beside the bundle of the CLI, or where a checkout has it. */
export function builtWeb(): string | null {
  const folders = ['../web', '../../dist/web'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return folders.find((folder) => existsSync(join(folder, 'index.html'))) ?? null;
}
