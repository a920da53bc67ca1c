#!/usr/bin/perl
# The guest's end of the guest channel: runs commands for the host, with their input and output as they come. Started
# early at boot by skerry-guest.service. The frames are those of src/guest/frames.ts.
# Argument: the virtio port's path, or the number of an open descriptor (tests).
# Only what perl-base has, and no POSIX or Errno: those take 0.2 s to load under emulation.
use strict;
use warnings;
no warnings 'exec';

my $MAGIC = "\xffskerry-guest-1\n";
my ($HELLO, $OPEN, $INPUT, $INPUT_END, $CLOSE, $CREDIT, $STDOUT, $STDERR, $EXIT, $BYE) = 1 .. 10;
my $HEADER      = 9;
my $MAX_PAYLOAD = 32 * 1024;
my $WINDOW      = 256 * 1024;
my ($EINTR, $EAGAIN) = (4, 11);
my ($WNOHANG, $F_SETFL, $O_NONBLOCK) = (1, 4, 0x800);

my ($port, $buffer, $synced) = (undef, '', 0);
my (%sessions, %session_of_pid);

open my $uuid, '<', '/proc/sys/kernel/random/uuid' or die "random/uuid: $!";
chomp(my $instance = <$uuid>);
close $uuid;

# A child's end has to wake the select below, also when it comes just before it.
pipe my $woken, my $wake or die "pipe: $!";
fcntl $_, $F_SETFL, $O_NONBLOCK for $woken, $wake;
$SIG{CHLD} = sub { syswrite $wake, '.' };
$SIG{PIPE} = 'IGNORE';
# A port that nobody has open looks no different to the host.
$SIG{TERM} = sub { send_frame(0, $BYE, ''); exit 0 };

$port = open_port($ARGV[0] // '/dev/virtio-ports/org.skerry.guest.0');
while (1) {
  # Blocks until the host has opened its end: nothing is polled.
  announce();
  serve();
  forget_all();
}

sub open_port {
  my ($path) = @_;
  if ($path =~ /^\d+$/) {
    open my $fh, '+<&=', $path or die "descriptor $path: $!";
    return $fh;
  }
  for (1 .. 600) {
    return $port if open $port, '+<', $path;
    select undef, undef, undef, 0.05;
  }
  die "$path: $!";
}

# Until the host closes its end.
sub serve {
  while (1) {
    my ($readable, $writable) = ('', '');
    vec($readable, fileno $_, 1) = 1 for $port, $woken;
    for my $session (values %sessions) {
      if ($session->{credit} > 0) {
        vec($readable, fileno $session->{$_}, 1) = 1 for grep { $session->{$_} } qw(out err);
      }
      vec($writable, fileno $session->{in}, 1) = 1 if $session->{in} && length $session->{input};
    }
    my $count = select $readable, $writable, undef, undef;
    next if $count < 0;
    if (vec $readable, fileno $woken, 1) { sysread $woken, my $dots, 4096 }
    reap();
    if (vec $readable, fileno $port, 1) {
      my $got = sysread $port, $buffer, 65536, length $buffer;
      return if defined $got && $got == 0;
      die "port: $!" if !defined $got && $! != $EINTR && $! != $EAGAIN;
      parse();
    }
    for my $session (values %sessions) {
      feed($session);
      pass_on($session, $STDOUT, 'out');
      pass_on($session, $STDERR, 'err');
      finish($session) if defined $session->{status} && $session->{credit} > 0;
    }
  }
}

sub parse {
  while (1) {
    if (!$synced) {
      my $at = index $buffer, $MAGIC;
      if ($at < 0) {
        substr $buffer, 0, -length($MAGIC) + 1, '' if length $buffer >= length $MAGIC;
        return;
      }
      substr $buffer, 0, $at + length $MAGIC, '';
      forget_all();
      announce();
      $synced = 1;
    }
    return if length $buffer < $HEADER;
    my ($length, $id, $type) = unpack 'NNC', $buffer;
    # The magic word of a host that began anew, or bytes that are no frame: find the magic word.
    if ($length > $MAX_PAYLOAD) { $synced = 0; next }
    return if length $buffer < $HEADER + $length;
    my $payload = substr $buffer, $HEADER, $length;
    substr $buffer, 0, $HEADER + $length, '';
    receive($id, $type, $payload);
  }
}

sub receive {
  my ($id, $type, $payload) = @_;
  return start($id, $payload) if $type == $OPEN;
  my $session = $sessions{$id} or return;
  if ($type == $INPUT) {
    $session->{input} .= $payload;
  } elsif ($type == $INPUT_END) {
    $session->{ended} = 1;
  } elsif ($type == $CREDIT) {
    $session->{credit} += unpack 'N', $payload;
  } elsif ($type == $CLOSE) {
    kill_tree($session->{pid}) if defined $session->{pid};
    delete $sessions{$id};
  }
}

# The payload: folder, number of variables, variables, program, arguments; each ended by a NUL.
sub start {
  my ($id, $payload) = @_;
  my ($folder, $count, @rest) = split /\0/, $payload, -1;
  pop @rest;
  my %env = map { split /=/, $_, 2 } splice @rest, 0, $count;
  my ($pid, $in, $input, $out, $output, $err, $errors);
  if (pipe($input, $in) && pipe($out, $output) && pipe($err, $errors)) { $pid = fork }
  if (!defined $pid) {
    send_frame($id, $STDERR, "cannot start $rest[0]: $!\n");
    send_frame($id, $EXIT, pack 'CC', 126, 0);
    return;
  }
  if ($pid == 0) {
    $SIG{$_} = 'DEFAULT' for qw(CHLD PIPE TERM);
    setpgrp 0, 0;
    open STDIN,  '<&', $input;
    open STDOUT, '>&', $output;
    open STDERR, '>&', $errors;
    %ENV = %env;
    if (chdir $folder) {
      run_perl($in, $out, $err) if $rest[0] eq '!perl';
      exec { $rest[0] } @rest;
    }
    else               { $rest[0] = $folder }
    my $code = $! == 2 ? 127 : 126;
    syswrite STDERR, "$rest[0]: $!\n";
    exit $code;
  }
  fcntl $_, $F_SETFL, $O_NONBLOCK for $in, $out, $err;
  $sessions{$id} = {
    id => $id, pid => $pid, in => $in, out => $out, err => $err,
    input => '', ended => 0, credit => $WINDOW, status => undef,
  };
  $session_of_pid{$pid} = $sessions{$id};
}

# Runs its stdin as Perl, in this process: a new one would take a tenth of a second under emulation. What exec would
# close is closed by hand: an open end of a command's stdin would keep it waiting for more.
sub run_perl {
  close $_ for @_, grep { defined } map { @$_{qw(in out err)} } values %sessions;
  local $/;
  $| = 1;
  eval <STDIN> . "\n; 1" or do { print STDERR $@; exit 1 };
  exit 0;
}

sub reap {
  while ((my $pid = waitpid -1, $WNOHANG) > 0) {
    my $session = delete $session_of_pid{$pid} or next;
    $session->{status} = $?;
    $session->{pid}    = undef;
  }
}

# Input to the command. Where it wants no more, the rest is thrown away.
sub feed {
  my ($session) = @_;
  my $waiting = length $session->{input};
  if ($waiting) {
    my $taken = $session->{in} ? syswrite $session->{in}, $session->{input} : $waiting;
    if (!defined $taken && $! != $EAGAIN && $! != $EINTR) {
      close delete $session->{in};
      $taken = $waiting;
    }
    if ($taken) {
      substr $session->{input}, 0, $taken, '';
      send_frame($session->{id}, $CREDIT, pack 'N', $taken);
    }
  }
  close delete $session->{in} if $session->{ended} && $session->{in} && !length $session->{input};
}

# What the command has written, as far as the host has room. After its end: all there is at this moment, without waiting
# for what it left running.
sub pass_on {
  my ($session, $type, $name) = @_;
  while ($session->{$name} && $session->{credit} > 0) {
    my $room = $session->{credit} < $MAX_PAYLOAD ? $session->{credit} : $MAX_PAYLOAD;
    my $got  = sysread $session->{$name}, (my $data = ''), $room;
    if (!defined $got) {
      return if $! == $EAGAIN || $! == $EINTR;
      $got = 0;
    }
    if ($got == 0) { close delete $session->{$name}; return }
    $session->{credit} -= $got;
    send_frame($session->{id}, $type, $data);
    return if !defined $session->{status};
  }
}

sub finish {
  my ($session) = @_;
  my $status = $session->{status};
  send_frame($session->{id}, $EXIT, pack 'CC', $status >> 8, $status & 127);
  delete $sessions{ $session->{id} };
}

sub forget_all {
  for my $session (values %sessions) {
    kill_tree($session->{pid}) if defined $session->{pid};
    delete $session_of_pid{ $session->{pid} // '' };
  }
  %sessions = ();
  $synced   = 0;
}

# Also what has left the command's process group.
sub kill_tree {
  my ($pid) = @_;
  my @tree = ($pid);
  for (my $at = 0; $at < @tree; $at++) {
    my $tasks = "/proc/$tree[$at]/task";
    opendir my $folder, $tasks or next;
    for my $task (grep { /^\d+$/ } readdir $folder) {
      open my $children, '<', "$tasks/$task/children" or next;
      push @tree, split ' ', <$children> // '';
    }
  }
  kill 9, -$pid, @tree;
}

sub announce {
  write_all($MAGIC . frame(0, $HELLO, $instance));
}

sub send_frame { write_all(frame(@_)) }

sub frame {
  my ($id, $type, $payload) = @_;
  return pack('NNC', length $payload, $id, $type) . $payload;
}

sub write_all {
  my ($data) = @_;
  my $at = 0;
  while ($at < length $data) {
    my $wrote = syswrite $port, $data, length($data) - $at, $at;
    if (defined $wrote) { $at += $wrote }
    elsif ($! != $EINTR && $! != $EAGAIN) { die "port: $!" }
  }
}
