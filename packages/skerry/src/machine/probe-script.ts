// The guest's part of waiting for probes: one Perl script that looks at them until all are ready. perl-base only, no
// modules: those are slow to load under emulation.
import type { ProbeSpec } from '../lab-file/spec-sync.ts';

/** What the script writes: one line an event, its fields with tabs between. */
export type ProbeEvent =
  | { readonly kind: 'ready'; readonly at: number }
  /** It takes a while: which one, and what the last look gave. */
  | { readonly kind: 'wait'; readonly at: number; readonly detail: string }
  /** Its time is up. */
  | { readonly kind: 'late'; readonly at: number; readonly detail: string };

/** Milliseconds until the script says what it waits for. */
const SAY_AFTER_MS = 3000;
/** Between two looks, at first and at most: what costs the guest a process is looked at less often. */
const INTERVALS: Record<ProbeSpec['kind'], readonly [number, number]> = {
  tcp: [0.02, 0.5],
  http: [0.05, 0.5],
  file: [0.02, 0.5],
  exec: [0.2, 2],
  unit: [0.2, 2],
};

/**
 * Perl that ends with 0 once all probes are ready, one after the other, and with 1 when the time of one is up. All times
 * count from its start. Pure.
 * @param address the machine's own: a port may be bound to that alone
 */
export function probeScript(probes: readonly ProbeSpec[], address: string): string {
  const looks = probes.map(({ kind, value, timeoutMs }, at) => {
    const [first, most] = INTERVALS[kind];
    return `await_probe(${at}, \\&look_${kind}, ${quote(value)}, ${timeoutMs / 1000}, ${first}, ${most});`;
  });
  return `my $own_address = ${quote(address)};\n${PRELUDE}\n${looks.join('\n')}\nexit 0;\n`;
}

/** Reads a line of the script's output. Pure. */
export function parseProbeEvent(line: string): ProbeEvent | undefined {
  const [kind, at, detail = ''] = line.split('\t');
  if (kind !== 'ready' && kind !== 'wait' && kind !== 'late') return undefined;
  return kind === 'ready' ? { kind, at: Number(at) } : { kind, at: Number(at), detail };
}

// A look gives undef when it is ready, else why not. Time is the kernel's since boot: a guest's clock may be set meanwhile.
const PRELUDE = `
sub probe_now {
  my $time = "\\0" x 16;
  syscall 228, 1, $time; # clock_gettime, CLOCK_MONOTONIC
  my ($seconds, $nanoseconds) = unpack 'qq', $time;
  return $seconds + $nanoseconds / 1e9;
}
my $probes_began = probe_now();
$| = 1;
sub tell_host {
  my ($kind, $at, $detail) = @_;
  $detail //= '';
  $detail =~ s/\\s+/ /g;
  $detail =~ s/^ | $//g;
  print join("\\t", $kind, $at, $detail), "\\n";
}
sub await_probe {
  my ($at, $look, $value, $timeout, $interval, $most) = @_;
  my $end = $probes_began + $timeout;
  my ($said, $said_at) = ('', 0);
  while (1) {
    my $left = $end - probe_now();
    my $why = $look->($value, $left > 0.2 ? $left : 0.2);
    return tell_host('ready', $at) if !defined $why;
    my $now = probe_now();
    if ($now >= $end) { tell_host('late', $at, $why); exit 1 }
    if ($now - $probes_began > ${SAY_AFTER_MS / 1000} && $why ne $said && $now - $said_at > 1) {
      tell_host('wait', $at, $why);
      ($said, $said_at) = ($why, $now);
    }
    my $pause = $interval < $end - $now ? $interval : $end - $now;
    select undef, undef, undef, $pause;
    $interval = $interval * 1.5 < $most ? $interval * 1.5 : $most;
  }
}
sub look_file { my ($path) = @_; return -e $path ? undef : "$!" }
# An open connection, or why there is none.
sub open_port_of {
  my ($host, $port, $left) = @_;
  my $address = gethostbyname $host or return (undef, "no address of $host");
  socket my $socket, 2, 1, 0 or return (undef, "$!");
  fcntl $socket, 4, 0x800; # F_SETFL, O_NONBLOCK
  if (!connect $socket, pack 'Sna4x8', 2, $port, $address) {
    return (undef, "$!") if $! != 115; # EINPROGRESS
    my $writable = '';
    vec($writable, fileno $socket, 1) = 1;
    my $limit = $left < 2 ? $left : 2;
    return (undef, 'no answer') if !select undef, $writable, undef, $limit;
    $! = unpack 'i', getsockopt $socket, 1, 4; # SO_ERROR
    return (undef, "$!") if $!;
  }
  return ($socket, undef);
}
sub look_tcp {
  my ($port, $left) = @_;
  my ($socket, $why) = open_port_of('127.0.0.1', $port, $left);
  ($socket) = open_port_of($own_address, $port, $left) if !$socket;
  return $socket ? undef : $why;
}
sub look_http {
  my ($url, $left) = @_;
  my ($host, $port, $path) = $url =~ m{^http://([^/:?#]+)(?::(\\d+))?([^#]*)}i
    or return 'only addresses that begin with http:// can be asked';
  $port //= 80;
  $path = "/$path" if $path !~ m{^/};
  my ($socket, $why) = open_port_of($host, $port, $left);
  return $why if !$socket;
  my $request = "GET $path HTTP/1.0\\r\\nHost: $host:$port\\r\\nUser-Agent: skerry\\r\\nConnection: close\\r\\n\\r\\n";
  local $SIG{PIPE} = 'IGNORE';
  syswrite $socket, $request;
  my $limit = probe_now() + ($left < 10 ? $left : 10);
  my $answer = '';
  while ($answer !~ /\\n/) {
    my $readable = '';
    vec($readable, fileno $socket, 1) = 1;
    my $rest = $limit - probe_now();
    return 'no answer' if $rest <= 0 || !select $readable, undef, undef, $rest;
    my $got = sysread $socket, $answer, 4096, length $answer;
    return "$!" if !defined $got;
    return 'the connection was closed without an answer' if $got == 0;
  }
  my ($status) = $answer =~ m{^HTTP/\\S+ (\\d{3})} or return 'the answer is not HTTP';
  return $status >= 200 && $status < 400 ? undef : "HTTP $status";
}
# Exit code and the end of what it wrote; what takes longer than is left is killed.
sub run_within {
  my ($left, @command) = @_;
  pipe my $out, my $in or return (undef, "$!");
  my $pid = fork;
  return (undef, "$!") if !defined $pid;
  if ($pid == 0) {
    setpgrp 0, 0;
    open STDIN, '<', '/dev/null';
    open STDOUT, '>&', $in;
    open STDERR, '>&', $in;
    exec { $command[0] } @command or exit 127;
  }
  close $in;
  fcntl $out, 4, 0x800;
  my ($end, $said, $code) = (probe_now() + $left, '', undef);
  local $SIG{CHLD} = sub { };
  while (1) {
    my $ended = waitpid($pid, 1) > 0;
    $code = $? & 127 ? 128 + ($? & 127) : $? >> 8 if $ended;
    while (sysread $out, my $more, 4096) {
      $said .= $more;
      substr $said, 0, -2000, '' if length $said > 2000;
    }
    last if $ended;
    if (probe_now() >= $end) { kill 9, -$pid; waitpid $pid, 0; last }
    my $readable = '';
    vec($readable, fileno $out, 1) = 1;
    select $readable, undef, undef, 0.1;
  }
  return ($code, $said);
}
sub look_exec {
  my ($command, $left) = @_;
  my ($code, $said) = run_within($left, '/bin/sh', '-c', $command);
  return undef if defined $code && $code == 0;
  my $how = defined $code ? "exit code $code" : 'it did not end';
  $said =~ s/\\s+$//;
  $said = '...' . substr $said, -300 if length $said > 300;
  return $said eq '' ? $how : "$how: $said";
}
sub look_unit {
  my ($unit, $left) = @_;
  my ($code, $said) = run_within($left, 'systemctl', 'is-active', '--', $unit);
  return undef if defined $code && $code == 0;
  $said =~ s/\\s+$//;
  return $said eq '' ? 'systemctl does not answer' : $said;
}`;

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
