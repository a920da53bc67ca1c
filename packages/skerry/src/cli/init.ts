import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SkerryError } from '../util/errors.ts';
import { withExample } from './common.ts';

interface Options {
  readonly format: string;
  readonly force?: boolean;
}

const FORMATS = ['ts', 'js', 'json', 'yaml'] as const;

export function define(command: Command): void {
  command
    .argument('[folder]', 'where to write it', '.')
    .option('--format <format>', FORMATS.join(', '), 'ts')
    .option('-f, --force', 'overwrite the lab file that is there')
    .action(run);
  withExample(command, '$ skerry init', '$ skerry init --format yaml ~/src/storage');
}

async function run(folder: string, options: Options): Promise<void> {
  const format = FORMATS.find((name) => name === options.format);
  if (!format) {
    const detail = `unknown format '${options.format}': choose one of ${FORMATS.join(', ')}`;
    throw new SkerryError('USAGE', { data: { detail, command: 'skerry init' } });
  }
  const dir = resolve(folder);
  const there = FORMATS.map((each) => join(dir, `skerry.config.${each}`)).find((file) =>
    existsSync(file),
  );
  if (there && !options.force) throw new SkerryError('LAB_FILE_EXISTS', { data: { file: there } });
  const file = join(dir, `skerry.config.${format}`);
  await mkdir(dir, { recursive: true }).catch((cause: Error) => {
    throw new SkerryError('USAGE', { data: { detail: cause.message, command: 'skerry init' } });
  });
  await writeFile(file, template(format, labName(basename(dir))));
  console.log(`Wrote ${file}: two machines to start from. Next: skerry up`);
}

/** A lab's name from a folder's: what a host name may hold. */
function labName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return /^[a-z]/.test(name) ? name : `lab-${name || '1'}`;
}

function template(format: (typeof FORMATS)[number], name: string): string {
  const lab = {
    name,
    image: 'debian-12',
    memory: '512 MiB',
    machines: { server: { primary: true }, client: {} },
  };
  if (format === 'json') return `${JSON.stringify(lab, undefined, 2)}\n`;
  if (format === 'yaml')
    return `name: ${name}\nimage: debian-12\nmemory: 512 MiB\nmachines:\n  server: { primary: true }\n  client: {}\n`;
  return `import { defineLab } from 'skerry';

export default defineLab({
  name: '${name}',
  image: 'debian-12',
  memory: '512 MiB',
  machines: {
    server: { primary: true },
    client: {},
  },
});
`;
}
