import type { Command } from 'commander';
import { withExample } from '../common.ts';
import { withUrl } from './common.ts';
import { withManifest, type WriteOptions, writeOut } from './write-manifest.ts';

export function define(command: Command): void {
  withManifest(withUrl(command)).action((options: WriteOptions) => writeOut(options, true));
  withExample(
    command,
    '$ skerry sp freeze',
    '$ skerry sp freeze --format repo --url git@example.org:product/all.git --branch 3.11',
  );
  command.addHelpText(
    'after',
    `
Prints the commit that each component is pinned at: as JSON, or as a manifest of repo (default.xml), west (west.yml) or
vcstool (.repos). What a format cannot carry is said on stderr. Components of components are left out:
the commit of the component pins them.`,
  );
}
