import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import type { CloudInitConfig } from '../lab-file/config-provision.ts';
import { provisionFailure } from './failure.ts';
import { parseResult, userDataProblem } from './cloud-init-data.ts';
import { perlBytes } from './perl-quote.ts';
import { formatEnd, perlInGuest, runInGuest } from './run-in-guest.ts';
import type { ProvisionOutcome, ProvisionTarget } from './target.ts';

/** What systemd would start at boot, in this order (cloud-init's documentation, "Boot stages"). */
const STAGES = [
  ['init', '--local'],
  ['init'],
  ['modules', '--mode=config'],
  ['modules', '--mode=final'],
] as const;

/** Name, keys and network of a machine are the lab's; user data may still say otherwise. */
const OURS = `datasource_list: [NoCloud]
network: { config: disabled }
preserve_hostname: true
manage_etc_hosts: false
disable_root: false
ssh_deletekeys: false
ssh_genkeytypes: []
resize_rootfs: false
growpart: { mode: 'off' }
# The image has C.UTF-8 only.
locale: false
apt: { preserve_sources_list: true }
`;

/** Gives the machine a NoCloud seed and runs cloud-init on it as at a first boot. @throws PROVISION_FAILED */
export async function runCloudInit(
  provisioner: string,
  config: CloudInitConfig,
  target: ProvisionTarget,
): Promise<ProvisionOutcome> {
  const { lab, machine, onLine } = target;
  const file =
    config.userDataFile === undefined ? undefined : resolve(lab.dir, config.userDataFile);
  const userData = file === undefined ? (config.userData ?? '') : await readFile(file);
  const problem = userDataProblem(Buffer.from(userData).toString('utf8'));
  if (problem) {
    const at = file === undefined ? {} : { at: { file, line: problem.line } };
    throw provisionFailure({ ...{ provisioner, target, reason: problem.reason }, ...at });
  }
  // A new id each time: for cloud-init it is a new machine, where all of it is done.
  const id = createHash('sha256').update(userData).update(String(Date.now())).digest('hex');
  const metaData = stringify({
    'instance-id': `i-${id.slice(0, 16)}`,
    'local-hostname': machine.hostname,
    ...config.metaData,
  });
  const seeded = await perlInGuest(target, seedScript(userData, metaData));
  if (seeded.exitCode !== 0)
    throw provisionFailure({ provisioner, target, reason: seeded.stderr.trim() });
  for (const stage of STAGES) {
    onLine(`cloud-init ${stage.join(' ')}`);
    const end = await runInGuest(target, ['cloud-init', ...stage]);
    const errors = parseResult((await perlInGuest(target, READ_STATUS)).stdout);
    if (errors.length > 0)
      throw provisionFailure({ provisioner, target, reason: errors.join('\n  '), tail: end.tail });
    if (end.exitCode !== 0) {
      const reason = `cloud-init ${stage.join(' ')}: ${formatEnd(end)}`;
      throw provisionFailure({ provisioner, target, reason, tail: end.tail });
    }
  }
  return { changed: undefined, summary: 'cloud-init is done', changes: [] };
}

/** Perl: the seed, for root's eyes only, and nothing left of what cloud-init knew of an earlier one. */
function seedScript(userData: string | Uint8Array, metaData: string): string {
  return `
sub folder { my $path = ''; for my $part (split m{/}, $_[0]) { $path .= "/$part"; mkdir $path, 0755 } }
sub put {
  my ($path, $content, $mode) = @_;
  unlink $path;
  umask 0077;
  open my $out, '>', $path or die "$path: $!\\n";
  binmode $out;
  (print {$out} $content) && close $out && chmod $mode, $path or die "$path: $!\\n";
}
sub forget {
  my ($path) = @_;
  if (-d $path && !-l $path) {
    opendir my $folder, $path or return;
    forget("$path/$_") for grep { !/^\\.\\.?$/ } readdir $folder;
    rmdir $path;
  } else { unlink $path }
}
-x '/usr/bin/cloud-init' or die "there is no program cloud-init in the machine\\n";
forget($_) for qw(/var/lib/cloud/instance /var/lib/cloud/instances /var/lib/cloud/data /run/cloud-init);
folder('var/lib/cloud/seed/nocloud');
folder('etc/cloud/cloud.cfg.d');
put('/etc/cloud/cloud.cfg.d/99-skerry.cfg', ${perlBytes(OURS)}, 0644);
put('/var/lib/cloud/seed/nocloud/user-data', ${perlBytes(userData)}, 0600);
put('/var/lib/cloud/seed/nocloud/meta-data', ${perlBytes(metaData)}, 0600);`;
}

const READ_STATUS = `if (open my $status, '<', '/run/cloud-init/status.json') { print <$status> }`;
