#!/usr/bin/perl
# Carries a machine's frames between two taps, later, fewer and slower than they came: faults in a lab's network. Not
# the kernel's netem: that is missing from many kernels, and knows nothing of pairs of machines.
#   $ARGV[0]  the tap on the machine's side     $ARGV[1]  the tap on the lab's side
# Stdin says what to do to frames, a rule a line, in place of all earlier ones at a line `end`; stdout says `ok` then:
#   from * DELAY JITTER LOSS RATE    frames the machine sends; ms, ms, percent, kbit/s (0: no limit)
#   to * DELAY JITTER LOSS RATE      frames it gets
#   to MAC DELAY JITTER LOSS RATE    those from one other machine, before `to *`
# Ends with its stdin. Nothing but perl-base, and numbers are those of Linux on x86-64.
use strict;
use warnings;

# A queue of a slow link is full at both: so long, and so many bytes.
my ($full_ms, $full_bytes) = (250, 32768);
my (%rules, %fresh, %queues);
my $words = '';

sub tap {
  my ($name) = @_;
  # O_RDWR | O_NONBLOCK
  sysopen my $tap, '/dev/net/tun', 04002 or die "/dev/net/tun: $!\n";
  my $request = pack 'a16 S x22', $name, 0x1002; # IFF_TAP | IFF_NO_PI
  ioctl $tap, 0x400454ca, $request or die "$name: $!\n"; # TUNSETIFF
  return $tap;
}

sub now_ms {
  my $time = "\0" x 16;
  syscall 228, 1, $time; # clock_gettime, CLOCK_MONOTONIC
  my ($seconds, $nanoseconds) = unpack 'qq', $time;
  return $seconds * 1000 + $nanoseconds / 1e6;
}

# When a frame that is ready at $at leaves the rule, or nothing when it is lost.
sub pass {
  my ($rule, $at, $bytes) = @_;
  return $at if !$rule;
  return if rand(100) < $rule->{loss};
  if ($rule->{rate}) {
    my $free = $rule->{free} // 0;
    my $behind = $free - $at;
    return if $behind > $full_ms && $behind * $rule->{rate} / 8 > $full_bytes;
    $at = $free if $free > $at;
    $at += $bytes * 8 / $rule->{rate};
    $rule->{free} = $at;
  }
  $at += $rule->{delay} + $rule->{jitter} * (rand(2) - 1);
  return $at;
}

sub take {
  my ($frame, $is_to, $out) = @_;
  my $at = now_ms();
  my $now = $at;
  my $queue = 'from';
  if ($is_to) {
    my $sender = unpack 'H12', substr $frame, 6, 6;
    $queue = "to $sender";
    $at = pass($rules{$queue}, $at, length $frame);
    return if !defined $at;
    $at = pass($rules{'to *'}, $at, length $frame);
  }
  else { $at = pass($rules{'from *'}, $at, length $frame) }
  return if !defined $at;
  my $line = $queues{$queue} ||= [];
  # In order: a real path seldom swaps packets, jitter or not.
  $at = $line->[-1][0] if @$line && $line->[-1][0] > $at;
  if ($at <= $now) { syswrite $out, $frame }
  else { push @$line, [$at, $frame, $out] }
}

sub obey {
  my ($line) = @_;
  if ($line eq 'end') {
    # The queue of a rule that stays is as full as before.
    for (keys %fresh) { $fresh{$_}{free} = $rules{$_}{free} if $rules{$_} }
    %rules = %fresh;
    %fresh = ();
    syswrite STDOUT, "ok\n";
    return;
  }
  my ($way, $peer, $delay, $jitter, $loss, $rate) = split ' ', $line;
  $peer =~ tr/://d;
  $fresh{"$way $peer"} = { delay => $delay, jitter => $jitter, loss => $loss, rate => $rate };
}

my ($near, $far) = map { tap($_) } @ARGV;
syswrite STDOUT, "ready\n";
my $all = '';
vec($all, fileno $_, 1) = 1 for \*STDIN, $near, $far;
for (;;) {
  my ($now, $next) = (now_ms());
  for my $key (keys %queues) {
    my $line = $queues{$key};
    while (@$line && $line->[0][0] <= $now) {
      my (undef, $frame, $out) = @{ shift @$line };
      syswrite $out, $frame;
    }
    if (!@$line) { delete $queues{$key} }
    elsif (!defined $next || $line->[0][0] < $next) { $next = $line->[0][0] }
  }
  my $wait = defined $next ? ($next - $now) / 1000 : undef;
  my $readable = $all;
  select $readable, undef, undef, $wait;
  if (vec $readable, fileno STDIN, 1) {
    sysread(STDIN, $words, 65536, length $words) or last;
    obey($1) while $words =~ s/^(.*)\n//;
  }
  for my $way ([$near, 0, $far], [$far, 1, $near]) {
    my ($in, $is_to, $out) = @$way;
    next if !vec $readable, fileno $in, 1;
    # Not for ever: the other side, and what is due, wait.
    for (1 .. 64) {
      defined sysread($in, my $frame, 65536) or last;
      take($frame, $is_to, $out);
    }
  }
}
