# A part of tree-agent.pl: what of the tree is ours, and the note of that on the disk.

# Says what is there of ours, and gives that.
sub list_ours {
  my ($list, @there) = ('');
  for my $path (keys %ours) {
    my $stamp = stamp("$top/$path");
    next if !defined $stamp;
    push @there, $path, $stamp =~ /^d(.*)/ ? 040000 | oct $1 : 1;
    $list .= pack 'n/a n/a', $path, $stamp;
    if (length $list > 24000) { answer('l', $list); $list = '' }
  }
  answer('l', $list) if length $list;
  return @there;
}

sub load {
  open my $fh, '<', $index or die "$index: $!\n";
  my $all = '';
  1 while sysread $fh, $all, 1 << 16, length $all;
  for (split /\0/, $all) {
    my ($sign, $path) = (substr($_, 0, 1), substr $_, 1);
    if ($sign eq '+') { $ours{$path} = 1 } else { delete $ours{$path} }
  }
}

# Written through: what is ours must be known before it is there.
sub save_index {
  my $all = join '', map { "+$_\0" } keys %ours;
  truncate $log, 0 or die "$index: $!\n";
  note($all);
}

sub note {
  my ($text) = @_;
  return if !length $text;
  my $wrote = syswrite $log, $text;
  die "$index: $!\n" if !defined $wrote;
  die "$index: the disk is full\n" if $wrote < length $text;
}

sub own {
  my ($path, $mode) = @_;
  note("+$path\0") if !$ours{$path} && $top eq $root;
  $ours{$path} = defined $mode ? 040000 | $mode : 1;
}

sub disown {
  my ($path) = @_;
  note("-$path\0") if delete $ours{$path} && $top eq $root;
}
