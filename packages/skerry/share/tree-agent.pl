# The machine's end of a tree that is pushed or pulled: does what the host says, one message after the other. The messages
# are those of src/sync/messages.ts: length (32 bits), type (one letter), payload. Started by src/sync/agent.ts, which
# sends this text with those of tree-index.pl, tree-undo.pl and tree-look.pl and goes on with messages on the same stdin. Only what
# perl-base has; no modules: they take a tenth of a second under emulation.
# What it put there is in INDEX: paths with + or -, each ended by NUL. Nothing else is ever removed. In %ours folders have
# their modes, with the bit of a folder.
use strict;
use warnings;
no warnings 'once';

my ($AT_FDCWD, $NOFOLLOW) = (-100, 0x100);
# System calls of x86-64: Perl's own open makes a file handle, which takes longer than all the rest.
my ($WRITE, $OPEN, $CLOSE, $LSTAT, $UTIMENSAT, $FALLOCATE, $LINKAT) = (1, 2, 3, 6, 280, 285, 265);
my ($INOTIFY_INIT1, $INOTIFY_ADD) = (294, 254);
# What is written, closes, comes, goes, moves, or gets other attributes.
my ($ENOENT, $ENOTDIR, $IN_MODIFY, $INOTIFY_EVENTS) = (2, 20, 0x2, 0x2 | 0x8 | 0x100 | 0x200 | 0x40 | 0x80 | 0x4);
my ($EEXIST, $EXDEV, $LOCK_EX, $LOCK_NB) = (17, 18, 2, 4);
my ($O_WRONLY, $O_CREAT, $O_EXCL, $O_CLOEXEC, $O_APPEND, $O_TMPFILE) = (1, 0100, 0200, 02000000, 02000, 020200000);
my ($ENOSPC, $SYMLINK_FOLLOW) = (28, 0x400);
# In a tree that is on another file system than we are: what is not whole yet is there. It is no part of the tree.
my $HIDDEN = '.skerry-not-whole';

my ($in, $at) = ('', 0);
# Where the tree is, and where it is written: elsewhere as long as there is nothing of it yet.
my ($root, $top, $stage, $index, $log, $uid, $gid);
my (%ours, %parents, @undo);
my ($serial, $keeping, $file, $inotify) = (0, 0, undef, undef);
# What goes on beside a push that can be rolled back: a file of its own, and nothing of it is kept.
my ($is_aside, $other_file, $other_keeping) = (0, undef, 0);
my $stat = "\0" x 144;

$SIG{PIPE} = 'DEFAULT';
umask 0;
while (1) {
  my ($length, $type) = unpack 'N a', take(5);
  if ($type eq 'W') {
    # Read where it lies: each copy of a file's content takes as long as to write it.
    need($length);
    my ($path, @head) = unpack "x$at n/a n q> q> N", $in;
    my $begin = 2 + length($path) + 22;
    eval { write_file($path, @head, $at + $begin, $length - $begin); 1 } or refuse($path, $@);
    taken($length);
    next;
  }
  my $payload = take($length);
  my $done = eval { handle($type, $payload); 1 };
  answer('!', $@) if !$done;
}

sub take {
  my ($count) = @_;
  need($count);
  my $taken = substr $in, $at, $count;
  taken($count);
  return $taken;
}

sub taken {
  my ($count) = @_;
  $at += $count;
  if ($at == length $in) { $in = ''; $at = 0 }
}

sub need {
  my ($count) = @_;
  while (length($in) - $at < $count) {
    if ($at > 1 << 20) { substr $in, 0, $at, ''; $at = 0 }
    wait_for_input() if $inotify;
    my $got = sysread STDIN, $in, 1 << 17, length $in;
    if (defined $got && $got == 0) { forget(); rmdir "$root/$HIDDEN" if $log; exit 0 }
    exit 1 if !defined $got && $! != 4;
  }
}

sub answer {
  my ($type, $payload) = @_;
  my $data = pack('N a', length $payload, $type) . $payload;
  my $sent = 0;
  while ($sent < length $data) {
    my $wrote = syswrite STDOUT, $data, length($data) - $sent, $sent;
    exit 1 if !defined $wrote && $! != 4;
    $sent += $wrote // 0;
  }
}

sub handle {
  my ($type, $payload) = @_;
  if ($type eq 'H') { hello(split /\0/, $payload, -1) }
  elsif ($type eq 'B') {
    forget();
    %parents = ();
    $keeping = $payload eq 'undo';
    settle() if $keeping;
  }
  elsif ($type eq 'K') { settle(); answer('k', $payload) }
  elsif ($type eq 'U') { roll_back(); answer('u', '') }
  elsif ($type eq 'T') { walk('', "$payload\0$HIDDEN"); answer('t', -d $root ? '1' : '') }
  elsif ($type eq 'O') { list_ours(); answer('o', '') }
  elsif ($type eq 'X') { checksums(); answer('x', '') }
  elsif ($type eq 'G') { give($payload) }
  elsif ($type eq 'I') { watch(); answer('i', '') }
  elsif ($type eq 'D') { file_data($payload) }
  elsif ($type eq 'E') { file_end() }
  elsif ($type eq 'Q') { drop_file() }
  elsif ($type eq 'V') { step_aside($payload eq 'aside') }
  elsif ($type eq 'P') { answer('p', '') }
  else {
    my ($path, $rest) = unpack 'n/a a*', $payload;
    eval {
      check($path);
      if    ($type eq 'F') { file_begin($path, $rest) }
      elsif ($type eq 'M') { make_folder($path, unpack 'n', $rest) }
      elsif ($type eq 'S') { make_link($path, $rest) }
      elsif ($type eq 'R') { remove($path) }
      elsif ($type eq 'N') { move($path, $rest) }
      elsif ($type eq 'A') { attributes($path, $rest) }
      else                 { die "unknown message $type\n" }
      1;
    } or refuse($path, $@);
  }
}

# One path could not be had as it should be; all else goes on.
sub refuse {
  my ($path, $reason) = @_;
  $reason =~ s/ at \S+ line \d+\.?\n?$//;
  $reason =~ s/\n$//;
  drop_file() if $file && $file->{path} eq $path;
  answer('e', pack 'n/a a*', $path, $reason);
}

sub step_aside {
  my ($aside) = @_;
  return if $aside == $is_aside;
  $is_aside = $aside;
  ($file, $other_file) = ($other_file, $file);
  ($keeping, $other_keeping) = ($aside ? 0 : $other_keeping, $keeping);
}

# Half a file is none.
sub drop_file {
  return if !$file;
  close $file->{fh} if $file->{fh};
  unlink $file->{temp} if $file->{is_named};
  $file = undef;
}

sub check {
  my ($path) = @_;
  die "no path within the tree\n" if $path eq '' || $path =~ m{^/|(?:^|/)\.{0,2}(?:/|$)};
}

# Where the tree is, who owns it, what to call it, and whether it is there to be written.
sub hello {
  my ($owner, $id, $mode);
  ($root, $owner, $id, $mode) = @_;
  $top = $root;
  my $base = '/var/lib/skerry/trees';
  $base = $ENV{SKERRY_TREES} if defined $ENV{SKERRY_TREES};
  ($stage, $index) = ("$base/$id.tmp", "$base/$id");
  if ($mode eq 'read') { load() if -e $index; answer('r', ''); return }
  ($uid, $gid) = owner_of($owner);
  make_path($base);
  sysopen $log, $index, $O_WRONLY | $O_CREAT | $O_APPEND, 0600 or die "$index: $!\n";
  for (1 .. 200) {
    last if flock $log, $LOCK_EX | $LOCK_NB;
    die "another command is writing $root\n" if $_ == 200;
    select undef, undef, undef, 0.05;
  }
  my $is_new = !-e $root;
  make_path($root);
  chown $uid, $gid, $root if $is_new;
  for ($stage, "$root/$HIDDEN") { system 'rm', '-rf', $_ if -l || -e }
  $stage = "$root/$HIDDEN" if (stat $base)[0] != (stat $root)[0];
  mkdir $stage, 0700 or die "$stage: $!\n";
  # Whoever owns the tree may put a link there: from here on we are in it, and need no name.
  if ($stage eq "$root/$HIDDEN") { chdir $stage or die "$stage: $!\n"; $stage = '.' }
  load();
  %ours = list_ours();
  save_index();
  begin_apart() if !%ours;
  answer('r', '');
}

# A tree that is not there yet is written apart, and put there in one step: no file has to be renamed by itself.
sub begin_apart {
  my @there = lstat $root;
  my @here = lstat $stage;
  return if $there[0] != $here[0] || !rmdir $root;
  my $apart = "$stage/tree";
  if (mkdir($root, 0700) && mkdir($apart, 0700)) { $top = $apart } else { make_path($root) }
  chown $there[4], $there[5], $root, $top;
  chmod $there[2] & 07777, $root, $top;
}

sub settle {
  return if $top eq $root;
  # What is ours must be known before it is there.
  save_index();
  my $done = rename $top, $root;
  my $reason = "$!";
  $top = $root;
  return if $done;
  # Somebody put something there meanwhile.
  system('cp', '-a', '--', "$stage/tree/.", $root) == 0 or die "$root: $reason\n";
  system 'rm', '-rf', "$stage/tree";
}

sub owner_of {
  my ($user, $group) = split /:/, $_[0];
  my ($u, $g) = $user =~ /^\d+$/ ? ($user, $user) : (getpwnam $user)[2, 3];
  die "there is no user $user\n" if !defined $u;
  if (defined $group) {
    $g = $group =~ /^\d+$/ ? $group : getgrnam $group;
    die "there is no group $group\n" if !defined $g;
  }
  return ($u, $g);
}

sub make_path {
  my ($path) = @_;
  my $so_far = '';
  for my $part (grep { length } split m{/}, $path) {
    $so_far .= "/$part";
    if (mkdir $so_far, 0755) { }
    elsif ($! != $EEXIST) { die "$so_far: $!\n" }
    die "$so_far is no folder\n" if !-d $so_far;
  }
}

# Every folder above it is a real one: nothing is written through a link. One of ours that somebody removed is made again.
sub parent {
  my ($path) = @_;
  my $cut = rindex $path, '/';
  return if $cut < 0;
  my $folder = substr $path, 0, $cut;
  return if $parents{$folder};
  parent($folder);
  my $stamp = stamp("$top/$folder");
  if (!defined $stamp && ($ours{$folder} // 0) & 040000) { new_folder($folder, $ours{$folder}) }
  elsif (!defined $stamp || $stamp !~ /^d/) { die "$folder is no folder\n" }
  $parents{$folder} = 1;
}

# The same, where nothing is made.
sub is_reached {
  my ($path) = @_;
  while ($path =~ s{/[^/]*\z}{}) {
    return 1 if $parents{$path};
    return 0 if (stamp("$top/$path") // '') !~ /^d/;
  }
  return 1;
}

# A file that came whole, as most do: so many bytes of $in from $from on.
sub write_file {
  my ($path, $mode, $size, $seconds, $nanoseconds, $from, $count) = @_;
  check($path);
  parent($path);
  my $is_apart = $top ne $root;
  my $temp = $is_apart ? "$top/$path" : "$stage/" . ++$serial;
  my $fd = syscall $OPEN, $temp, $O_WRONLY | $O_CREAT | $O_EXCL | $O_CLOEXEC, $mode;
  die "$!\n" if $fd < 0;
  eval {
    while ($count > 0) {
      my $data = substr $in, $from, $count;
      my $wrote = syscall $WRITE, $fd, $data, $count;
      die "$!\n" if $wrote < 0;
      $from += $wrote;
      $count -= $wrote;
    }
    chown $uid, $gid, $temp or die "$!\n" if $uid || $gid;
    times_of($temp, $seconds, $nanoseconds);
    own($path);
    put($temp, $path) if !$is_apart;
    1;
  } or do { my $reason = $@; syscall $CLOSE, $fd; unlink $temp; die $reason };
  syscall $CLOSE, $fd;
}

# A large file comes in pieces, between which all else goes on. It has no name until it is whole: whatever ends us, nothing
# is left of it. Where there is no room for it that is said before it is sent.
sub file_begin {
  my ($path, $head) = @_;
  my ($mode, $size, $seconds, $nanoseconds) = unpack 'n q> q> N', $head;
  drop_file();
  parent($path);
  my $temp = "$stage/" . ++$serial;
  my $is_named = 0;
  my $fh;
  if (!sysopen $fh, $stage, $O_WRONLY | $O_TMPFILE, 0600) {
    sysopen $fh, $temp, $O_WRONLY | $O_CREAT | $O_EXCL, 0600 or die "$!\n";
    $is_named = 1;
  }
  $file = { path => $path, fh => $fh, temp => $temp, is_named => $is_named, mode => $mode, left => $size, times => [$seconds, $nanoseconds] };
  die "$!\n" if syscall($FALLOCATE, fileno $fh, 0, 0, $size) != 0 && $! == $ENOSPC;
}

sub file_data {
  my ($data) = @_;
  return if !$file;
  my $sent = 0;
  while ($sent < length $data) {
    my $wrote = syswrite $file->{fh}, $data, length($data) - $sent, $sent;
    if (!defined $wrote) {
      my $reason = "$!";
      refuse($file->{path}, $reason);
      return;
    }
    $sent += $wrote;
  }
  $file->{left} -= length $data;
}

sub file_end {
  return if !$file;
  my ($path, $temp) = @$file{qw(path temp)};
  eval {
    die "it came in part\n" if $file->{left} != 0;
    # Much may have happened to the folders since it began.
    %parents = ();
    parent($path);
    if (!$file->{is_named}) {
      my $number = fileno $file->{fh};
      my $own = "/proc/self/fd/$number";
      syscall($LINKAT, $AT_FDCWD, $own, $AT_FDCWD, $temp, $SYMLINK_FOLLOW) == 0 or die "$!\n";
      $file->{is_named} = 1;
    }
    close delete $file->{fh} or die "$!\n";
    chown $uid, $gid, $temp or die "$!\n" if $uid || $gid;
    chmod $file->{mode}, $temp or die "$!\n";
    times_of($temp, @{ $file->{times} });
    own($path);
    put($temp, $path);
    1;
  } or refuse($path, $@);
  $file = undef;
}

# In one step, also where the tree is on another file system than we are.
sub put {
  my ($temp, $path) = @_;
  my $to = "$top/$path";
  remember($path);
  return if rename $temp, $to;
  die "$!\n" if $! != $EXDEV;
  my $near = $to;
  $near =~ s{[^/]*$}{.skerry-$serial};
  eval { copy($temp, $near); 1 } or do { my $reason = $@; unlink $near; die $reason };
  rename $near, $to or do { my $reason = "$!\n"; unlink $near; die $reason };
  unlink $temp;
}

# To another file system. Dies with cp's reason.
sub copy {
  my ($from, $to) = @_;
  my $pid = open my $said, '-|';
  die "$!\n" if !defined $pid;
  if ($pid == 0) {
    open STDERR, '>&', \*STDOUT;
    exec 'cp', '-p', '--', $from, $to;
    exit 127;
  }
  my $reason = join '', <$said>;
  return if close $said;
  $reason =~ s/.*: //s;
  chomp $reason;
  die(($reason || 'it could not be copied') . "\n");
}

sub times_of {
  my ($path, $seconds, $nanoseconds) = @_;
  my $times = pack 'q4', $seconds, $nanoseconds, $seconds, $nanoseconds;
  syscall($UTIMENSAT, $AT_FDCWD, $path, $times, $NOFOLLOW) == 0 or die "$!\n";
}

sub make_folder {
  my ($path, $mode) = @_;
  parent($path);
  my $to = "$top/$path";
  my $stamp = stamp($to);
  own($path, $mode);
  remember($path);
  if (defined $stamp && $stamp !~ /^d/) { unlink $to or die "$!\n"; $stamp = undef }
  new_folder($path, $mode, $stamp);
}

sub new_folder {
  my ($path, $mode, $is_there) = @_;
  my $to = "$top/$path";
  if (!$is_there) { mkdir $to, 0700 or die "$!\n" }
  chown $uid, $gid, $to or die "$!\n" if $uid || $gid;
  chmod $mode & 07777, $to or die "$!\n";
}

sub make_link {
  my ($path, $target) = @_;
  parent($path);
  my $temp = "$stage/" . ++$serial;
  symlink $target, $temp or die "$!\n";
  system 'chown', '-h', "$uid:$gid", $temp if $uid || $gid;
  own($path);
  my $to = "$top/$path";
  my $stamp = stamp($to);
  remember($path);
  if (defined $stamp && $stamp =~ /^d/) { rmdir $to or die "$!\n" }
  return if rename $temp, $to;
  my $reason = "$!\n";
  unlink $temp;
  die $reason if $! != $EXDEV;
  unlink $to;
  symlink $target, $to or die "$!\n";
}

# A folder that has files of the machine's own stays. What was in one that somebody removed is gone with it.
sub remove {
  my ($path) = @_;
  my $to = "$top/$path";
  my $stamp = is_reached($path) ? stamp($to) : undef;
  if (!defined $stamp) { disown($path); return }
  remember($path);
  if ($stamp =~ /^d/) {
    delete $parents{$path};
    rmdir $to or $! == 39 or die "$!\n";
  } else { unlink $to or die "$!\n" }
  disown($path);
}

sub move {
  my ($from, $to) = @_;
  check($to);
  parent($from);
  parent($to);
  my $there = stamp("$top/$to");
  die "$to is there already\n" if defined $there;
  # Of a folder all that is in it; looking for that takes time.
  my $is_folder = (stamp("$top/$from") // '') =~ /^d/;
  my @moved = grep { $ours{$_} } $from;
  push @moved, grep { index($_, "$from/") == 0 } keys %ours if $is_folder;
  my @new = map { $to . substr $_, length $from } @moved;
  note(join '', map { "+$_\0" } @new);
  rename "$top/$from", "$top/$to" or die "$!\n";
  note(join '', map { "-$_\0" } @moved);
  @ours{@new} = delete @ours{@moved};
  %parents = () if $is_folder;
  push @undo, ['moved', $from, $to] if $keeping;
}

sub attributes {
  my ($path, $rest) = @_;
  my ($mode, $seconds, $nanoseconds) = unpack 'n q> N', $rest;
  parent($path);
  my $to = "$top/$path";
  my $stamp = stamp($to);
  die "it is gone\n" if !defined $stamp || $stamp !~ /^f/;
  remember($path);
  if ($keeping) {
    # Its old self is a hard link of the very file.
    my $temp = "$stage/" . ++$serial;
    copy($to, $temp);
    rename $temp, $to or die "$!\n";
  }
  chmod $mode, $to or die "$!\n";
  times_of($to, $seconds, $nanoseconds);
}
