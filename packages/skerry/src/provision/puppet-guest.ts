import type { PuppetConfig } from '../lab-file/config-provision.ts';
import { shellWords } from '../util/shell-quote.ts';
import { perlBytes, perlList } from './perl-quote.ts';
import type { PuppetPaths } from './puppet-paths.ts';
import { perlInGuest } from './run-in-guest.ts';
import type { ProvisionTarget } from './target.ts';

const AIO = '/opt/puppetlabs/bin';

/** What is in the machine. */
export interface PuppetGuest {
  readonly binary: 'found' | 'aio' | 'none';
  /** The folder to take puppet from; undefined: PATH's. */
  readonly binaryPath: string | undefined;
  /** Which of the folders that have to be there are not. */
  readonly missing: readonly string[];
  readonly environmentConf: string;
  /** Where the manifest is, when it is in the environment's folder `manifests` instead. */
  readonly manifest: string | undefined;
  /** The machine's clock, in seconds. */
  readonly startedAt: number;
}

/** Looks for program, folders and environment.conf, in one go. */
export async function lookAround(
  target: ProvisionTarget,
  { binaryPath }: PuppetConfig,
  { vmFolders, environments, manifestInGuest }: PuppetPaths,
): Promise<PuppetGuest> {
  const own = environments && `${environments.path}/${environments.name}`;
  const inManifests =
    own !== undefined && manifestInGuest?.startsWith(`${own}/`)
      ? `${own}/manifests/${manifestInGuest.slice(own.length + 1)}`
      : undefined;
  const script = `
sub is_program { -f $_[0] && -x _ }
my @folders = ${binaryPath === undefined ? 'split /:/, $ENV{PATH}' : perlList([binaryPath])};
print((grep { is_program("$_/puppet") } @folders) ? "found" : is_program('${AIO}/puppet') ? "aio" : "none");
print "\\0", time, "\\0", join("\\n", map { unpack 'H*', $_ } grep { !-d } ${perlList(vmFolders)}), "\\0";
my $manifest = ${perlBytes(manifestInGuest ?? '')};
my $instead = ${perlBytes(inManifests ?? '')};
print $instead if length $instead && !-e $manifest && -e $instead;
print "\\0";
if (open my $conf, '<', ${perlBytes(own === undefined ? '' : `${own}/environment.conf`)}) { print <$conf> }`;
  const { stdout } = await perlInGuest(target, script);
  const [binary, now, missing = '', manifest, ...conf] = stdout.split('\0');
  const found = binary === 'found' || binary === 'aio' ? binary : 'none';
  return {
    binary: found,
    binaryPath: found === 'aio' ? AIO : binaryPath,
    missing: missing
      .split('\n')
      .filter(Boolean)
      .map((hex) => Buffer.from(hex, 'hex').toString('utf8')),
    environmentConf: conf.join('\0'),
    manifest: manifest === '' ? undefined : manifest,
    startedAt: Number(now),
  };
}

/** Where Debian's puppet, and that of Puppet's own packages, leave the report of the last run. */
const REPORTS = [
  '/var/cache/puppet/state/last_run_report.yaml',
  '/var/lib/puppet/state/last_run_report.yaml',
  '/opt/puppetlabs/puppet/cache/state/last_run_report.yaml',
];

/** The report of the run since `startedAt`; undefined when it left none. */
export async function readReport(
  target: ProvisionTarget,
  config: PuppetConfig,
  startedAt: number,
): Promise<string | undefined> {
  const script = `
for my $file (${perlList([...reportsIn(config), ...REPORTS])}) {
  next if ((stat $file)[9] // 0) < ${startedAt};
  open my $report, '<', $file or next;
  while (read $report, my $data, 65536) { print $data }
  exit;
}
exit 1;`;
  const { exitCode, stdout } = await perlInGuest(target, script);
  return exitCode === 0 ? stdout : undefined;
}

/** Where the lab file's own options have it written. */
function reportsIn({ options = [] }: PuppetConfig): string[] {
  const words = [options].flat().flatMap(shellWords);
  const valueOf = (name: string): string[] =>
    words.flatMap((word, at) => {
      if (word === `--${name}`) return words[at + 1] ?? [];
      return word.startsWith(`--${name}=`) ? word.slice(name.length + 3) : [];
    });
  return [
    ...valueOf('lastrunreport'),
    ...valueOf('statedir').map((folder) => `${folder}/last_run_report.yaml`),
    ...valueOf('vardir').map((folder) => `${folder}/state/last_run_report.yaml`),
  ];
}
