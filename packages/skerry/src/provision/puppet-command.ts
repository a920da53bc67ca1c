import type { PuppetConfig } from '../lab-file/config-provision.ts';
import { shellQuote, shellWords } from '../util/shell-quote.ts';
import type { PuppetPaths } from './puppet-paths.ts';

export interface PuppetCall {
  readonly config: PuppetConfig;
  readonly paths: Pick<PuppetPaths, 'modulePaths' | 'environments' | 'tempDir' | 'hiera'>;
  /** The folder of the program; undefined: PATH's. */
  readonly binaryPath: string | undefined;
  /** In the machine. */
  readonly manifest: string;
}

/**
 * The command line for a shell, part by part in the order Vagrant has it; but for `options`, which are words for a shell there too,
 * every value arrives as it is. Pure.
 */
export function puppetCommand({ config, paths, binaryPath, manifest }: PuppetCall): string {
  const { workingDirectory, environmentVariables = {}, facter = {}, options = [] } = config;
  const { modulePaths, environments, tempDir, hiera } = paths;
  const words = [
    ...[options].flat().flatMap(shellWords),
    ...(modulePaths.length > 0
      ? ['--modulepath', [...modulePaths, '/etc/puppet/modules'].join(':')]
      : []),
    ...(hiera === undefined ? [] : [`--hiera_config=${tempDir}/hiera.yaml`]),
    '--color=false',
    '--detailed-exitcodes',
    ...(environments
      ? ['--environmentpath', `${environments.path}/`, '--environment', environments.name]
      : []),
    manifest,
  ];
  const program = binaryPath === undefined ? 'puppet' : `${binaryPath.replace(/\/+$/, '')}/puppet`;
  return [
    ...(workingDirectory === undefined ? [] : ['cd', quote(workingDirectory), '&&']),
    ...Object.entries(environmentVariables).map(([name, value]) => assignment(name, value)),
    ...Object.entries(facter).map(([name, value]) => assignment(`FACTER_${name}`, String(value))),
    ...[program, 'apply', ...words].map(quote),
  ].join(' ');
}

/** Names a shell would not take as those of variables: it would run them. Pure. */
export function badNames({ facter = {}, environmentVariables = {} }: PuppetConfig): string[] {
  return [
    ...Object.keys(facter).filter((name) => !/^\w+$/.test(name)),
    ...Object.keys(environmentVariables).filter((name) => !/^[A-Za-z_]\w*$/.test(name)),
  ];
}

function assignment(name: string, value: string): string {
  return `${name}=${shellQuote(value)}`;
}

/** Plain words stay as they are, for who reads the command. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word);
}
