/**
 * Perl for a guest's helper: a client of systemd's own D-Bus socket, for root. systemctl does the same, and costs a guest
 * under emulation a tenth of a second each time it starts; this takes a few milliseconds.
 * All that is called here takes texts, and all that is read are single numbers and texts; the rest of D-Bus is left out.
 * https://dbus.freedesktop.org/doc/dbus-specification.html, org.freedesktop.systemd1(5)
 */
export const BUS_SCRIPT: string = String.raw`
my ($bus, $sent, $received, $serial, $stirred) = (undef, '', '', 0, 0);
my (%replies, %job_results);
my $MANAGER = '/org/freedesktop/systemd1';

sub connect_bus {
  socket $bus, 1, 1, 0 or die "socket: $!\n";
  connect $bus, pack('Sa108', 1, '/run/systemd/private') or die "systemd's socket: $!\n";
  $sent = "\0AUTH EXTERNAL 30\r\nBEGIN\r\n";
  flush_bus();
  receive_bus() until $received =~ s/^OK [^\r]*\r\n//;
}

sub flush_bus {
  while (length $sent) {
    my $count = syswrite $bus, $sent;
    defined $count or die "systemd's socket: $!\n";
    substr $sent, 0, $count, '';
  }
}

sub receive_bus {
  sysread $bus, $received, 65536, length $received or die "systemd closed its socket\n";
}

sub padded { my ($data, $to) = @_; return $data . "\0" x (-length($data) % $to) }

# Nothing is sent before somebody waits for a reply, so that many calls go out as one.
sub call {
  my ($path, $interface, $member, @texts) = @_;
  my $body = '';
  $body = padded($body, 4) . pack('V', length $_) . "$_\0" for @texts;
  my $fields = '';
  for ([1, 'o', $path], [2, 's', "org.freedesktop.$interface"], [3, 's', $member], [6, 's', 'org.freedesktop.systemd1']) {
    my ($code, $type, $text) = @$_;
    $fields = padded($fields, 8) . pack('CCaxV', $code, 1, $type, length $text) . "$text\0";
  }
  $fields = padded($fields, 8) . pack('CCaxCa*x', 8, 1, 'g', scalar @texts, 's' x @texts) if @texts;
  $serial++;
  my $head = pack 'aCCCVVV', 'l', 1, 0, 1, length $body, $serial, length $fields;
  $sent .= padded($head . $fields, 8) . $body;
  return $serial;
}

sub manage { return call($MANAGER, 'systemd1.Manager', @_) }

sub text_at { my ($data, $at) = @_; return unpack "x$at V/a", $data }

sub dispatch {
  while (length $received >= 16) {
    my ($type, $length, $size) = unpack 'xCxxVx4V', $received;
    my $head = 16 + $size + -$size % 8;
    last if length $received < $head + $length;
    my $fields = substr $received, 16, $size;
    my $body   = substr $received, $head, $length;
    substr $received, 0, $head + $length, '';
    my ($at, %field) = (0);
    while ($at < $size) {
      my ($code, $kind) = unpack "x$at Cxa", $fields;
      $at += 4;
      if ($kind eq 'u')    { $field{$code} = unpack "x$at V", $fields; $at += 4 }
      elsif ($kind eq 'g') { $at += 2 + ord substr $fields, $at, 1 }
      else                 { $field{$code} = text_at($fields, $at); $at += 5 + length $field{$code} }
      $at += -$at % 8;
    }
    if    ($type == 2) { $replies{ $field{5} } = [1, $body] }
    elsif ($type == 3) { $replies{ $field{5} } = [0, $body eq '' ? $field{4} : text_at($body, 0), $field{4}] }
    elsif ($type == 4) {
      $stirred = 1;
      next if $field{3} ne 'JobRemoved';
      my $job = text_at($body, 4);
      my $at  = 9 + length $job;
      $at += -$at % 4;
      $at += 5 + length text_at($body, $at);
      $at += -$at % 4;
      $job_results{$job} = text_at($body, $at);
    }
  }
}

# Whether it went well, and then what came: a body, or the reason and the name of the error.
sub reply {
  my ($number) = @_;
  flush_bus();
  until ($replies{$number}) { receive_bus(); dispatch() }
  return @{ delete $replies{$number} };
}

# The job that a call has made; or undef, why there is none, and the name of the error.
sub job_of {
  my ($went_well, $body, $name) = reply(@_);
  return $went_well ? text_at($body, 0) : (undef, $body, $name);
}

# done, failed, canceled, timeout, dependency, skipped; or as job_of.
sub job_result {
  my ($job, $reason, $name) = job_of(@_);
  return (undef, $reason, $name) if !defined $job;
  until (exists $job_results{$job}) { receive_bus(); dispatch() }
  return $job_results{$job};
}

sub property {
  my ($went_well, $body) = reply(@_);
  return if !$went_well || ord $body != 1;
  my $type = substr $body, 1, 1;
  return text_at($body, 4)      if $type eq 's';
  return unpack 'x4V', $body    if $type eq 'u' || $type eq 'b';
  return unpack 'x4l<', $body   if $type eq 'i';
  return unpack 'x8Q<', $body   if $type eq 't';
  return;
}

sub path_of {
  my ($unit) = @_;
  $unit =~ s/(^[0-9]|[^A-Za-z0-9])/sprintf '_%02x', ord $1/ge;
  return "$MANAGER/unit/$unit";
}

sub ask { my ($unit, $interface, $name) = @_; return call(path_of($unit), 'DBus.Properties', 'Get', "org.freedesktop.systemd1.$interface", $name) }

my @BRIEF = ([Unit => 'ActiveState'], [Unit => 'SubState']);
my @WHOLE = (
  (map { [Unit => $_] } qw(LoadState ActiveState SubState NeedDaemonReload ActiveEnterTimestamp)),
  (map { [Service => $_] } qw(MainPID NRestarts ExecMainCode ExecMainStatus Result MemoryCurrent)),
);

# By unit, each a hash by property. Each property takes systemd a millisecond or two under emulation.
sub states_of {
  my ($properties, @units) = @_;
  my @calls = map { my $unit = $_; [map { ask($unit, @$_) } @$properties] } @units;
  my %states;
  for my $at (0 .. $#units) {
    $states{ $units[$at] } = { map { $$properties[$_][1] => scalar property($calls[$at][$_]) } 0 .. $#$properties };
  }
  return \%states;
}

sub say_fields { print join("\t", @_), "\n" }

sub tell_state {
  my ($unit, $state, @more) = @_;
  say_fields('state', $unit, @more, map { "$_=$$state{$_}" } grep { defined $$state{$_} } sort keys %$state);
}

sub content { my ($path) = @_; open my $file, '<', $path or return; return scalar <$file> }
`;

/** A text as a Perl literal. */
export function perlText(text: string | undefined): string {
  return text === undefined ? 'undef' : `'${text.replace(/[\\']/g, '\\$&')}'`;
}
