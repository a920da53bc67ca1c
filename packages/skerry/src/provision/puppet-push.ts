import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { PuppetConfig } from '../lab-file/config-provision.ts';
import { hieraFolders } from './hiera.ts';
import { provisionFailure } from './failure.ts';
import { perlBytes, perlList } from './perl-quote.ts';
import type { PuppetPaths } from './puppet-paths.ts';
import { type Parcel, sendParcels } from './push-folders.ts';
import { perlInGuest } from './run-in-guest.ts';
import type { ProvisionTarget } from './target.ts';

/** `$1` and on: what is made anew. What an older lab file had sent goes too, by the names only we give. */
const RECEIVE = `temp=$1
shift
mkdir -p "$temp"
cd "$temp"
[ $# = 0 ] || rm -rf -- "$@"
for old in manifests-* modules-*; do
  case \${#old}:$old in 42:manifests-*[!0-9a-f]*|40:modules-*[!0-9a-f]*) ;; 42:manifests-*|40:modules-*) rm -rf "$old" ;; esac
done
[ $# = 0 ] || mkdir -p -- "$@"
tar -x -i -p`;

/** Sends folders, Hiera and structured facts; what was sent before is gone then. @throws PROVISION_FAILED */
export async function pushPuppet(
  provisioner: string,
  target: ProvisionTarget,
  config: PuppetConfig,
  paths: PuppetPaths,
): Promise<void> {
  const { tempDir, folders, hiera } = paths;
  const below = (path: string): string => posix.relative(tempDir, path);
  const sent: Parcel[] = folders.map(({ host, guest, exclude }) => ({
    ...{ from: host, as: below(guest), isFolder: true, exclude },
  }));
  const data = hiera === undefined ? [] : await hieraParcels(hiera);
  const fresh = [...sent, ...data].filter(({ isFolder }) => isFolder).map(({ as }) => as);
  if (sent.length + data.length > 0)
    await sendParcels(provisioner, target, [...sent, ...data], {
      ...{ script: RECEIVE, args: [tempDir, ...fresh] },
    });
  const { exitCode, stderr } = await perlInGuest(target, factsScript(config.structuredFacts));
  if (exitCode !== 0)
    throw provisionFailure({
      ...{ provisioner, target },
      reason: `structuredFacts: ${stderr.trim()}`,
    });
}

async function hieraParcels(config: string): Promise<Parcel[]> {
  const folders = hieraFolders(await readFile(config, 'utf8'));
  const found = folders.filter((folder) => existsSync(join(dirname(config), folder)));
  return [
    ...found.map((folder) => ({ from: join(dirname(config), folder), as: folder, isFolder: true })),
    { from: config, as: 'hiera.yaml', isFolder: false },
  ];
}

/** Debian's facter reads the first, and that of Puppet's own packages both. */
const FACT_FOLDERS = ['/etc/facter/facts.d', '/etc/puppetlabs/facter/facts.d'];

/** Only root may read them: they may hold secrets. Without any, those of an older lab file go. */
function factsScript(facts: PuppetConfig['structuredFacts']): string {
  const folders = perlList(FACT_FOLDERS);
  if (facts === undefined) return `unlink "$_/skerry.yaml" for ${folders};`;
  // JSON is YAML.
  return `for my $folder (${folders}) {
  my $path = '';
  for my $part (grep { length } split m{/}, $folder) { $path .= "/$part"; mkdir $path, 0755 }
  my $file = "$folder/skerry.yaml";
  unlink "$file.new";
  umask 0077;
  open my $out, '>', "$file.new" or die "$file: $!\\n";
  (print {$out} ${perlBytes(`${JSON.stringify(facts)}\n`)}) && close $out or die "$file: $!\\n";
  rename "$file.new", $file or die "$file: $!\\n";
  umask 0022;
}`;
}
