import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { FileConfig } from '../lab-file/config-provision.ts';
import { DEFAULTS } from '../lab-file/defaults.ts';
import { provisionFailure } from './failure.ts';
import { perlBytes } from './perl-quote.ts';
import { sendParcels } from './push-folders.ts';
import { perlInGuest } from './run-in-guest.ts';
import type { ProvisionOutcome, ProvisionTarget } from './target.ts';

/**
 * Into a place that is not there, or is a file, it goes as that; into a folder under its own name. It is written beside and
 * renamed: nobody ever reads half of it.
 */
const PUT_FILE = `case $1 in */) mkdir -p "$1";; *) mkdir -p "$(dirname "$1")";; esac
if [ -d "$1" ]; then to=\${1%/}/$2; else to=$1; fi
work=$(mktemp -d "$(dirname "$to")/.skerry.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -x -i -p -C "$work"
mv -fT "$work/file" "$to"`;

/** What is there besides stays, and so does the mode of folders that are there. */
const PUT_FOLDER = `mkdir -p "$1"
tar -x -i -p --keep-directory-symlink --no-overwrite-dir -C "$1"`;

/** Copies a file or folder of this host into the machine. @throws PROVISION_FAILED */
export async function runFile(
  provisioner: string,
  config: FileConfig,
  target: ProvisionTarget,
): Promise<ProvisionOutcome> {
  const { to, mode, owner = DEFAULTS.owner } = config;
  const from = resolve(target.lab.dir, config.from);
  const isFolder = (await stat(from)).isDirectory();
  const [user = '', group] = owner.split(':');
  const owned = [user, group ?? (await groupOf(provisioner, target, user))] as const;
  if (group !== undefined) await checkOwner(provisioner, target, user, group);
  await sendParcels(
    provisioner,
    target,
    [
      {
        ...{ from, isFolder, owner: owned, as: isFolder ? '.' : 'file' },
        ...(mode !== undefined && { mode: tarMode(mode, isFolder) }),
      },
    ],
    { script: isFolder ? PUT_FOLDER : PUT_FILE, args: [to, basename(from)] },
  );
  const summary = `copied ${config.from} to ${to}`;
  target.onLine(summary);
  return { changed: undefined, summary, changes: [] };
}

/** An octal mode of files in tar's words; folders may be entered by whoever may read them. Pure. */
export function tarMode(octal: string, isFolder: boolean): string {
  if (!isFolder) return octal;
  const digits = octal.slice(-3).split('').map(Number);
  const classes = ['u', 'g', 'o'].map((who, at) => {
    const bits = digits[at] ?? 0;
    const has = (bit: number, letter: string): string => ((bits & bit) === 0 ? '' : letter);
    return `${who}=${has(4, 'rX')}${has(2, 'w')}${has(1, 'x')}`;
  });
  // X looks at the old mode: a file that may be run here stays so otherwise.
  return ['a-x', ...classes].join(',');
}

/** A user alone means the user's own group too. */
async function groupOf(
  provisioner: string,
  target: ProvisionTarget,
  user: string,
): Promise<string> {
  if (user === 'root') return 'root';
  const entry = /^\d+$/.test(user) ? `getpwuid(${user})` : `getpwnam(${perlBytes(user)})`;
  const script = `my @user = ${entry} or do { print STDERR "there is no user"; exit 1 }; print $user[3]`;
  const { exitCode, stdout, stderr } = await perlInGuest(target, script);
  if (exitCode === 0) return stdout.trim();
  throw provisionFailure({ provisioner, target, reason: `${stderr.trim()} ${user}` });
}

async function checkOwner(
  provisioner: string,
  target: ProvisionTarget,
  user: string,
  group: string,
): Promise<void> {
  if (user === 'root' && group === 'root') return;
  const isKnown = (what: string, kind: string, name: string): string =>
    /^\d+$/.test(name)
      ? ''
      : `defined ${kind}nam(${perlBytes(name)}) or print "${what} ", ${perlBytes(name)}, ' ';`;
  const script = isKnown('user', 'getpw', user) + isKnown('group', 'getgr', group);
  const { stdout } = await perlInGuest(target, script);
  if (stdout === '') return;
  throw provisionFailure({ provisioner, target, reason: `there is no ${stdout.trim()}` });
}
