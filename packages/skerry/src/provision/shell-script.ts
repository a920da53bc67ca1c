import { perlBytes, perlList } from './perl-quote.ts';

export interface ShellJob {
  /** The script, as it is. */
  readonly content: Uint8Array;
  /** Where the script lies while it runs. */
  readonly folder: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
}

/**
 * Perl that puts a script into a file only its user can read, runs it as that user, and removes it again. Script and environment
 * come with it, so neither is in anybody's argument list. Without a shebang bash runs it, as Vagrant has it. Pure.
 */
export function shellScript({ content, folder, args, env, user }: ShellJob): string {
  const variables = Object.entries(env).flat();
  return `
my ($name, $folder) = (${perlBytes(user)}, ${perlBytes(folder)});
my ($login, undef, $uid, $gid, undef, undef, undef, $home, $shell) = getpwnam $name
  or do { print STDERR "there is no user $name\\n"; exit 126 };
my @groups;
while (my (undef, undef, $id, $members) = getgrent) { push @groups, $id if grep { $_ eq $name } split ' ', $members }
my $path = '';
for my $part (grep { length } split m{/}, $folder) { $path .= "/$part"; mkdir $path, 0711 }
my $file = "$folder/script";
sub lost { my ($what) = @_; print STDERR "$what: $!\\n"; exit 126 }
unlink $file;
umask 0077;
open my $out, '>', $file or lost($file);
binmode $out;
(print {$out} ${perlBytes(unixLines(content))}) && close $out or lost($file);
chmod(0500, $file) && chown($uid, $gid, $file) or lost($file);
umask 0022;
my $pid = fork // lost('fork');
if (!$pid) {
  $) = join ' ', $gid, $gid, @groups;
  $( = $gid;
  ($<, $>) = ($uid, $uid);
  if ($> != $uid || $< != $uid) { lost("becoming $name") }
  @ENV{qw(HOME USER LOGNAME SHELL)} = ($home, $login, $login, $shell);
  my %more = ${perlList(variables)};
  @ENV{keys %more} = values %more;
  chdir $home or chdir '/';
  my @args = ${perlList(args)};
  my @command = (${hasShebang(content) ? '$file' : "'/bin/bash', $file"}, @args);
  exec { $command[0] } @command or lost($command[0]);
}
waitpid $pid, 0;
my $status = $?;
unlink $file;
rmdir $folder;
if ($status & 127) { kill $status & 127, $$; sleep 1 }
exit $status >> 8;
`;
}

function hasShebang(content: Uint8Array): boolean {
  // A program in machine code needs no shell either.
  return startsWith(content, '#!') || startsWith(content, '\x7fELF');
}

function startsWith(content: Uint8Array, text: string): boolean {
  return Buffer.from(content.subarray(0, text.length)).toString('latin1') === text;
}

/** Without the carriage returns of an editor on Windows; what is no text stays as it is. */
function unixLines(content: Uint8Array): Uint8Array {
  if (content.includes(0)) return content;
  const text = Buffer.from(content).toString('latin1');
  return text.includes('\r\n') ? Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1') : content;
}
