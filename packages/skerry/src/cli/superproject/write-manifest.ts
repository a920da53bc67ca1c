import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { FORMATS, type Format, type Loss } from '../../superproject/manifest/project.ts';
import { SkerryError } from '../../util/errors.ts';
import { interruptible, printJson } from '../common.ts';
import { countOf, type SuperprojectOptions } from './common.ts';
import { componentsOf } from './components-of.ts';
import { formatLosses } from './format-losses.ts';

export interface WriteOptions extends SuperprojectOptions {
  readonly branch?: string;
  readonly format?: string;
  readonly output?: string;
}

/** The options of the commands that write a manifest. */
export function withManifest(command: Command): Command {
  return command
    .option('-f, --format <format>', FORMATS.join(', '))
    .option('-o, --output <file>', 'write it there (default: standard output)')
    .option('-b, --branch <branch>', "the superproject's branch (default: the one checked out)");
}

/** The format of an option. @throws USAGE */
export function formatNamed(text: string | undefined): Format | undefined {
  const found = FORMATS.find((format) => format === text);
  if (text === undefined || found) return found;
  const detail = `--format: '${text}' is not one of ${FORMATS.join(', ')}`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry superproject manifest' } });
}

/** Prints the components as a manifest; losses go to stderr, so that the output can go into a file. */
export async function writeOut(options: WriteOptions, isFrozen: boolean): Promise<void> {
  const signal = interruptible();
  const { exportManifest } = await import('../../superproject/manifest/export-manifest.ts');
  const format = formatNamed(options.format) ?? 'json';
  const { url, branch } = options;
  const jobs = countOf('--jobs', options.jobs);
  const found = await componentsOf({ url, branch, jobs }, signal);
  const about = { format, superBranch: found.branch, isFrozen };
  const { text, losses: known } = exportManifest(found.components, about);
  const losses = url === undefined ? [...known, ...(await nestedLosses(found))] : known;
  if (options.output !== undefined) await writeFile(options.output, text);
  if (options.json) printJson({ format, text, losses });
  else {
    if (options.output === undefined) process.stdout.write(text);
    for (const line of formatLosses(losses)) console.error(line);
  }
}

/** Formats have one level, and the commits of components of components are in no index but theirs. */
async function nestedLosses({
  root,
  components,
}: Awaited<ReturnType<typeof componentsOf>>): Promise<Loss[]> {
  const { isSuperproject } = await import('../../superproject/checkout/checkout.ts');
  const outer = components.filter(({ path }) => isSuperproject(join(root, path)));
  const names = outer.map(({ path }) => path);
  const what = 'it has components of its own, which are not in the output; its commit pins them';
  return names.length > 0 ? [{ what, names }] : [];
}
