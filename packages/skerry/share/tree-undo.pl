# A part of tree-agent.pl: what an attempt replaced is kept until the next one, and comes back when it is rolled back.

# Keeps what a path is now, so that it can be rolled back.
sub remember {
  my ($path) = @_;
  return if !$keeping;
  my $from = "$top/$path";
  my $stamp = stamp($from);
  if (!defined $stamp) { push @undo, ['new', $path]; return }
  if ($stamp =~ /^l(.*)/s) { push @undo, ['link', $path, $1]; return }
  if ($stamp =~ /^d(.*)/) { push @undo, ['folder', $path, oct $1]; return }
  my $kept = "$stage/" . ++$serial;
  link $from, $kept or copy($from, $kept);
  push @undo, ['file', $path, $kept];
}

sub forget {
  unlink map { $_->[0] eq 'file' ? $_->[2] : () } @undo;
  @undo = ();
}

sub roll_back {
  $keeping = 0;
  for my $one (reverse @undo) {
    eval { undo(@$one); 1 } or refuse($one->[0] eq 'moved' ? $one->[2] : $one->[1], $@);
  }
  @undo = ();
}

# Dies where the path does not become what it was.
sub undo {
  my ($kind, $path, $old) = @_;
  my $to = "$top/$path";
  my $is_folder = -d $to && !-l $to;
  if ($kind eq 'new') {
    if ($is_folder) { rmdir $to or die "$!\n" }
    else { unlink $to or $!{ENOENT} or die "$!\n" }
    disown($path);
  }
  elsif ($kind eq 'moved') { move($old, $path) }
  elsif ($kind eq 'folder') {
    unlink $to if !$is_folder;
    mkdir $to or die "$!\n" if !$is_folder;
    chown $uid, $gid, $to;
    chmod $old, $to;
    own($path, $old);
  }
  else {
    rmdir $to or die "$!\n" if $is_folder;
    if ($kind eq 'link') { unlink $to; symlink $old, $to or die "$!\n" }
    else { rename $old, $to or !system 'mv', '-fT', '--', $old, $to or die "its file of before cannot be put there\n" }
    own($path);
  }
}
