# The machine's end of a folder that is shared with it: mounts it by FUSE, and carries its requests to the host, which
# answers them (src/sync/share-server.ts). Started by src/lab/share-keep.ts with this text on stdin; the answers follow.
# The mount is held by a process of its own that outlives its way to the host: when the machine comes back from a snapshot,
# or the host's process began anew, another way is taken, and who waits for an answer gets it then.
# Only what perl-base has. Numbers are those of Linux on x86-64.
use strict;
use warnings;

my (undef, $id, $to, $owner) = @ARGV;
my ($MOUNT, $UMOUNT2, $SETSID) = (165, 166, 112);
my ($NOSUID, $NODEV, $DETACH) = (2, 4, 2);
my ($FORGET, $INTERRUPT, $BATCH_FORGET) = (2, 36, 42);
my ($EINTR, $EAGAIN, $ENODEV) = (4, 11, 19);
my ($F_SETFL, $O_WRONLY, $O_NONBLOCK) = (4, 1, 04000);
my ($SOL_SOCKET, $SO_PEERCRED) = (1, 17);
# Without the host for so many seconds, nobody is kept waiting any more. Counted, for the clock may be set meanwhile.
my $PATIENCE = 60;
# systemd puts it there when the machine goes down: unmounting would wait as well.
my $GOING_DOWN = '/run/nologin';
my $TYPE     = 'fuse.skerry';

my ($user, $group) = split /:/, $owner, 2;
my ($uid, $gid) = $user =~ /^\d+$/ ? ($user, $user) : (getpwnam $user)[2, 3];
defined $uid or die "there is no user $user\n";
if (defined $group && length $group) {
  $gid = $group =~ /^\d+$/ ? $group : getgrnam $group;
  defined $gid or die "there is no group $group\n";
}

$SIG{PIPE} = 'IGNORE';
my $address = pack 'Sa*', 1, "\0skerry-share-$id";
socket my $keeper, 1, 1, 0 or die "socket: $!\n";
if (!connect $keeper, $address) {
  begin();
  connect $keeper, $address or die "the process that holds $to: $!\n";
}
defined root_at($keeper) or die "$to: a program that is not root's listens where its holder should\n";
syswrite STDOUT, "$uid $gid\n";
# From here on the holder writes there; one of a snapshot that an older Skerry saved wants to know whose it is.
syswrite $keeper, pack 'L', $$;
# Until the mount is gone, or another has taken over.
sysread $keeper, my $end, 1;
exit 0;

sub begin {
  while (grep { $_ eq $to } mounted()) {
    call($UMOUNT2, $to, $DETACH) == 0 or die "$to: unmounting: $!\n";
  }
  my $path = '';
  for my $name (grep { length } split m{/}, $to) { $path .= "/$name"; mkdir $path, 0755 }
  -d $to or die "$to: not a folder\n";
  socket my $listener, 1, 1, 0 or die "socket: $!\n";
  bind $listener, $address or die "bind: $!\n";
  listen $listener, 5;
  open my $fuse, '+<', '/dev/fuse' or die "/dev/fuse: $!\n";
  my $options = join ',', 'fd=' . fileno $fuse,
    qw(rootmode=40000 user_id=0 group_id=0 allow_other default_permissions max_read=131072);
  call($MOUNT, 'skerry', $to, $TYPE, $NOSUID | $NODEV, $options) == 0 or die "mounting $to: $!\n";
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid) { waitpid $pid, 0; return }
  syscall $SETSID;
  exit 0 if fork;
  open STDIN, '<', '/dev/null';
  open $_, '>', '/dev/null' for *STDOUT, *STDERR;
  close $keeper;
  chdir '/';
  $0 = "skerry-share $to";
  hold($listener, $fuse);
  exit 0;
}

# The process at the other end, if it is root's: anybody can connect, and what one says of itself may be a lie.
sub root_at {
  my ($pid, $user) = unpack 'L2', getsockopt $_[0], $SOL_SOCKET, $SO_PEERCRED or return;
  return $user == 0 ? $pid : undef;
}

# Perl's own refuses constants.
sub call { my @words = @_; return syscall $words[0], @words[1 .. $#words] }

sub mounted {
  open my $mounts, '<', '/proc/self/mounts' or return;
  my @ours = map { (split ' ')[1] } grep { (split ' ')[2] eq $TYPE } <$mounts>;
  s/\\(\d{3})/chr oct $1/ge for @ours;
  return @ours;
}

sub hold {
  my ($listener, $fuse) = @_;
  my ($client, $in, $out, $answers, $waits) = (undef, undef, undef, '', 0);
  my %pending;
  # What was ready may be gone when it is read, as its process was killed: then another is not waited for.
  fcntl $fuse, $F_SETFL, $O_NONBLOCK;
  my $drop = sub { ($client, $in, $out, $answers, $waits) = (undef, undef, undef, '', 0) };
  my $ask  = sub {
    my ($request) = @_;
    for (my $at = 0; $at < length $request;) {
      my $wrote = syswrite $out, $request, length($request) - $at, $at;
      if (defined $wrote) { $at += $wrote }
      elsif ($! != $EINTR && $! != $EAGAIN) { $drop->(); return }
    }
  };
  while (1) {
    my $ready = '';
    vec($ready, fileno $_, 1) = 1 for $listener, $out ? ($client, $in, $fuse) : ();
    my $count = select $ready, undef, undef, $out ? undef : 1;
    if (!$out && !$count && (++$waits > $PATIENCE || -e $GOING_DOWN)) {
      call($UMOUNT2, $to, $DETACH);
      return;
    }
    next if $count <= 0;
    if ($out && vec $ready, fileno $fuse, 1) {
      my $got = sysread $fuse, my $request, 262144;
      if (!defined $got) { return if $! == $ENODEV }
      else {
        my ($op, $unique) = unpack 'x4LQ', $request;
        $pending{$unique} = $request
          if $op != $FORGET && $op != $INTERRUPT && $op != $BATCH_FORGET;
        $ask->($request);
      }
    }
    if ($out && vec $ready, fileno $in, 1) {
      my $got = sysread $in, $answers, 262144, length $answers;
      if (!$got) { $drop->() }
      while (length $answers >= 16) {
        my ($length, undef, $unique) = unpack 'LlQ', $answers;
        last if length $answers < $length;
        my $answer = substr $answers, 0, $length, '';
        # Nobody may wait for it any more.
        syswrite $fuse, $answer;
        delete $pending{$unique};
      }
    }
    if ($out && vec $ready, fileno $client, 1) { $drop->() }
    if (vec $ready, fileno $listener, 1) {
      accept my $new, $listener or next;
      my $pid = root_at($new) // next;
      # What it says first goes to the host before any request.
      sysread $new, my $word, 4 or next;
      # Without waiting for whoever should be at their other ends, and may be gone.
      sysopen my $from, "/proc/$pid/fd/0", $O_NONBLOCK or next;
      sysopen my $into, "/proc/$pid/fd/1", $O_WRONLY | $O_NONBLOCK or next;
      fcntl $_, $F_SETFL, 0 for $from, $into;
      ($client, $in, $out, $answers) = ($new, $from, $into, '');
      for my $unique (sort { $a <=> $b } keys %pending) { $ask->($pending{$unique}) if $out }
    }
  }
}
