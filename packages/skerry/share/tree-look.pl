# The part of tree-agent.pl that looks: what is there, what is in it, and what changes. Sent after it, as one text.

# What a path is, in the host's words (src/sync/stamp.ts); undef where it is nothing.
sub stamp {
  my ($path) = @_;
  return undef if syscall($LSTAT, $path, $stat) != 0;
  my ($mode, $size, $seconds, $nanoseconds) = unpack 'x24 L x20 q x32 q q', $stat;
  my $kind = $mode & 0170000;
  return sprintf 'f%o %d %d.%09d', $mode & 0777, $size, $seconds, $nanoseconds if $kind == 0100000;
  return sprintf 'd%o', $mode & 0777 if $kind == 0040000;
  return 'l' . readlink $path if $kind == 0120000;
  return '?';
}

# All there is below a folder, whoever put it there. Folders whose path is in the list are not looked into; those that
# cannot be are refused.
sub walk {
  my ($folder, $skip) = @_;
  my %skip = map { $_ => 1 } split /\0/, $skip;
  my @todo = ($folder);
  my $list = '';
  while (defined(my $one = shift @todo)) {
    my $prefix = $one eq '' ? '' : "$one/";
    syscall $INOTIFY_ADD, fileno $inotify, "$top/$one", $INOTIFY_EVENTS if $inotify;
    my $fh;
    if (!opendir $fh, "$top/$one") {
      answer('e', pack 'n/a a*', $one, "$!") if $one ne '' && $! != $ENOENT && $! != $ENOTDIR;
      next;
    }
    for my $name (readdir $fh) {
      next if $name eq '.' || $name eq '..';
      my $path = "$prefix$name";
      my $stamp = stamp("$top/$path") // next;
      next if $skip{$name};
      push @todo, $path if $stamp =~ /^d/;
      $list .= pack 'n/a n/a', $path, $stamp;
      if (length $list > 24000) { answer('l', $list); $list = '' }
    }
  }
  answer('l', $list) if length $list;
}

# SHA-256 of all files of ours. sha256sum does it: there is no Digest in perl-base.
sub checksums {
  my @files = grep { (stamp("$top/$_") // '') =~ /^f/ } sort keys %ours;
  return if !@files;
  my $names = "$index.names.$$";
  open my $fh, '>', $names or die "$names: $!\n";
  print $fh map { "$top/$_\0" } @files;
  close $fh or die "$names: $!\n";
  open my $sums, '-|', 'xargs', '-0', '-a', $names, 'sha256sum', '-z', '--' or die "sha256sum: $!\n";
  local $/ = "\0";
  my $list = '';
  while (my $line = <$sums>) {
    chomp $line;
    my ($sum, $path) = (substr($line, 0, 64), substr $line, 66 + length "$top/");
    $list .= pack 'n/a n/a', $path, $sum;
    if (length $list > 24000) { answer('s', $list); $list = '' }
  }
  answer('s', $list) if length $list;
  unlink $names;
}

# The content of one file, for a tree that is pulled, and what it was when that began: nothing, where it is gone or could
# not be had whole.
sub give {
  my ($path) = @_;
  my $stamp = eval { check($path); stamp("$top/$path") } // '';
  my $problem = '';
  if ($stamp !~ /^f/) { $stamp = '' }
  elsif (open my $fh, '<', "$top/$path") {
    my $got;
    while ($got = sysread $fh, my $data, 1 << 15) { answer('g', $data) }
    $problem = "$!" if !defined $got;
  }
  elsif ($! == $ENOENT) { $stamp = '' }
  else { $problem = "$!" }
  if ($problem ne '') { answer('e', pack 'n/a a*', $path, $problem); $stamp = '' }
  answer('v', $stamp);
}

# From now on each change in a folder that was walked through is told by one message: when all is quiet again, or after a
# second where it never is. A file that only grows may be half a file: it is given more time.
sub watch {
  my $fd = syscall $INOTIFY_INIT1, 0x800;
  die "inotify: $!\n" if $fd < 0;
  open $inotify, '<&=', $fd or die "inotify: $!\n";
}

sub wait_for_input {
  my ($changed, $grown, $since) = (0, 0, 0);
  while (1) {
    my $ready = '';
    vec($ready, fileno $_, 1) = 1 for \*STDIN, $inotify;
    my $count = select $ready, undef, undef, $changed ? 0.03 : $grown ? 1 : undef;
    next if $count < 0;
    if ($count > 0 && vec $ready, fileno $inotify, 1) {
      sysread $inotify, my $events, 1 << 16;
      $since ||= time;
      only_grown($events // '') ? ($grown = 1) : ($changed = 1);
    }
    my $has_input = $count > 0 && vec $ready, fileno STDIN, 1;
    if ($has_input || $count == 0 || $since && time - $since > ($changed ? 0 : 1)) {
      answer('c', '') if $changed || $grown;
      ($changed, $grown, $since) = (0, 0, 0);
    }
    return if $has_input;
  }
}

sub only_grown {
  my ($events) = @_;
  my $from = 0;
  while ($from + 16 <= length $events) {
    my ($mask, $length) = unpack "x$from x4 L x4 L", $events;
    return 0 if $mask != $IN_MODIFY;
    $from += 16 + $length;
  }
  return 1;
}
