import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Imported } from '../../superproject/manifest/import-manifest.ts';
import { SkerryError } from '../../util/errors.ts';
import { withExample } from '../common.ts';
import { withUrl } from './common.ts';
import { type EditFlags, runEdit, withEdit } from './edit-output.ts';
import { formatLosses } from './format-losses.ts';
import { formatNamed, withManifest, type WriteOptions, writeOut } from './write-manifest.ts';

interface ImportFlags extends EditFlags {
  readonly format?: string;
  readonly manifestUrl?: string;
}

export function define(command: Command): void {
  const into = withEdit(command.command('import'))
    .description('Add the repositories of a manifest as components.')
    .argument('<file>', 'default.xml of repo, west.yml, .repos of vcstool, or the JSON of freeze')
    .option('-f, --format <format>', 'repo, west, repos or json (default: found out)')
    .option('--manifest-url <url>', "where the manifest's own repository is, for relative urls")
    .option('-j, --jobs <n>', 'connections to one host at once, at most (default: found out)')
    .action(runImport);
  withExample(
    into,
    '$ skerry sp manifest import default.xml --manifest-url https://example.org/manifests',
    '$ skerry sp manifest import west.yml --dry-run',
  );
  const out = withManifest(withUrl(command.command('export')))
    .description('Write the components as a manifest of another tool, at their branches.')
    .option('--pins', 'at their pins, as freeze does');
  withExample(
    out,
    '$ skerry sp manifest export --format west --output west.yml',
    '$ skerry sp manifest export --format repo --pins',
  );
  out.action((options: WriteOptions & { pins?: boolean }) => writeOut(options, !!options.pins));
  withExample(
    command,
    '$ skerry sp manifest import default.xml --manifest-url https://example.org/manifests',
    '$ skerry sp manifest export --format west --output west.yml',
  );
  command.addHelpText(
    'after',
    `
Import writes .gitmodules and the pins, all or nothing, and stages them; sync then clones. A repository with a commit or a
tag and no branch is frozen: nightly and update leave it where it is. Files that a manifest includes or imports are not
read. What cannot be carried over is said, by name.`,
  );
}

async function runImport(file: string, options: ImportFlags): Promise<void> {
  const { importManifest } = await import('../../superproject/manifest/import-manifest.ts');
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const data = { file, reason: cause.message };
    throw new SkerryError('SP_MANIFEST_UNREADABLE', { data, cause });
  });
  const imported = await runEdit(
    options,
    ({ network, root, onProgress }) =>
      importManifest(network, root, {
        ...{ text, file: basename(file), onProgress },
        format: formatNamed(options.format),
        manifestUrl: options.manifestUrl,
        dryRun: options.dryRun,
      }),
    formatImported,
  );
  if (!options.json) for (const line of formatLosses(imported.losses)) console.error(line);
}

function formatImported({ added, known }: Imported): string {
  const there = known.length > 0 ? ` ${known.length} were there already.` : '';
  if (added.length === 0) return `Nothing to add.${there}`;
  return `${added.length} added.${there} Staged: git commit; then: skerry sp sync`;
}
