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
type Format = (typeof FORMATS)[number];

const TREE = 'Your files in the machines, a moment after you save them:';
const DAEMONS = 'What runs there, and again when you save; with that, see: skerry hack --help';

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
  console.log(
    format === 'json'
      ? 'Your files in the machines: add "tree": { "from": ".", "to": "/srv/src" }; what runs there: "daemons", see skerry hack --help'
      : 'In its comments: your files in the machines, and what runs there.',
  );
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

/** What a lab file begins with. Exported for its test. */
export function template(format: Format, name: string): string {
  const lab = {
    name,
    image: 'debian-12',
    memory: '512 MiB',
    machines: { server: { primary: true }, client: {} },
  };
  if (format === 'json') return `${JSON.stringify(lab, undefined, 2)}\n`;
  if (format === 'yaml')
    return `name: ${name}
image: debian-12
memory: 512 MiB
machines:
  server: { primary: true }
  client: {}
# ${TREE}
# tree: { from: ., to: /srv/src }
# ${DAEMONS}
# daemons:
#   api: { on: server, command: exec ./api, cwd: /srv/src, watch: [api], ready: { tcp: 8080 } }
`;
  return `import { defineLab } from 'skerry';

export default defineLab({
  name: '${name}',
  image: 'debian-12',
  memory: '512 MiB',
  machines: {
    server: { primary: true },
    client: {},
  },
  // ${TREE}
  // tree: { from: '.', to: '/srv/src' },
  // ${DAEMONS}
  // daemons: {
  //   api: { on: 'server', command: 'exec ./api', cwd: '/srv/src', watch: ['api'], ready: { tcp: 8080 } },
  // },
});
`;
}
