// Which folder may import which (DESIGN: cli -> domain -> parts -> util). Folders not listed may not exist.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'packages', 'skerry', 'src');
const ALLOWED: Record<string, readonly string[]> = {
  '': ['testing', 'superproject', 'lab', 'lab-file', 'util'],
  testing: ['lab', 'lab-file', 'machine', 'guest', 'image', 'sandbox', 'util'],
  cli: [
    'doctor',
    'cloud',
    'lab',
    'lab-file',
    'daemon',
    'machine',
    'template',
    'snapshot',
    'superproject',
    'image',
    'sandbox',
    'util',
  ],
  superproject: ['util'],
  cloud: ['hypervisors', 'sandbox', 'image', 'util'],
  doctor: ['lab', 'lab-file', 'image', 'sandbox', 'util'],
  lab: [
    'lab-file',
    'daemon',
    'machine',
    'template',
    'snapshot',
    'freeze',
    'superproject',
    'provision',
    'guest',
    'image',
    'sandbox',
    'sync',
    'util',
  ],
  sync: ['util'],
  provision: ['lab-file', 'guest', 'util'],
  daemon: ['lab-file', 'util'],
  template: ['freeze', 'util'],
  snapshot: ['util'],
  freeze: ['util'],
  'lab-file': ['util'],
  machine: ['guest', 'lab-file', 'util'],
  image: ['util'],
  hypervisors: ['sandbox', 'util'],
  sandbox: ['guest', 'util'],
  guest: ['util'],
  util: [],
};

const problems: string[] = [];
for (const file of globSync('**/*.ts', { cwd: root })) {
  if (file.endsWith('.test.ts')) continue;
  const folder = folderOf(file);
  const allowed = ALLOWED[folder];
  if (!allowed) problems.push(`${file}: folder '${folder}' is not in scripts/check-deps.ts`);
  const text = readFileSync(join(root, file), 'utf8');
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const to = folderOf(normalize(join(dirname(file), target ?? '')));
    if (to !== folder && !allowed?.includes(to))
      problems.push(`${file}: '${folder}' may not import from '${to}' (${target})`);
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

function folderOf(file: string): string {
  const [first, second] = relative('.', file).split('/');
  return second === undefined ? '' : (first ?? '');
}
