// What machines are told about their daemons: Perl for the guest's helper. Its output is read by state.ts.
import { BUS_SCRIPT, perlText } from './bus-script.ts';
import { type DaemonUnit, ENV_DIR, UNIT_DIR } from './unit.ts';

/** A daemon without a probe counts as ready when it has run for so long. */
export const SETTLE_MS = 500;

export interface StartPlan extends DaemonUnit {
  /** Whether probes tell when it is ready. */
  readonly hasProbes: boolean;
  /** What it is made of, in the machine: one that runs and is older than one of these files is restarted by a start. */
  readonly files?: readonly string[] | undefined;
}

/**
 * Starts daemons at once, or with `isRestart` restarts those that run; then tells of their ends until nobody listens
 * any more, or none is left to watch. What runs with an unchanged definition is left alone by a start, unless it is older than its files.
 */
export function startScript(plans: readonly StartPlan[], isRestart: boolean): string {
  const list = plans.map(({ daemon, unit, definition, hasProbes, files = [] }) =>
    hash({
      daemon: perlText(daemon),
      unit: perlText(unit),
      text: perlText(definition?.text),
      env: perlText(definition?.env),
      watch: hasProbes ? '1' : '0',
      files: perlText(files.join('\0')),
    }),
  );
  return `${BUS_SCRIPT}
my $restart = ${isRestart ? 1 : 0};
my $settle = ${SETTLE_MS / 1000};
my @all = (${list.join(',\n')});
${START}`;
}

const START = String.raw`
sub put {
  my ($path, $content) = @_;
  unlink $path;
  umask 077;
  open my $file, '>', $path or die "$path: $!\n";
  (print {$file} $content) && close $file or die "$path: $!\n";
}
# In place: a changed folder has systemd read the names of all units again.
sub put_unit {
  my ($path, $content) = @_;
  umask 022;
  open my $file, '>', $path or die "$path: $!\n";
  (print {$file} $content) && close $file or die "$path: $!\n";
}

# What a program said just before its end is on its way yet. journald's own socket, Varlink.
sub sync_journal {
  socket my $journal, 1, 1, 0 or return;
  connect $journal, pack('Sa108', 1, '/run/systemd/journal/io.systemd.journal') or return;
  syswrite $journal, qq({"method":"io.systemd.Journal.Synchronize"}\0);
  my $readable = '';
  vec($readable, fileno $journal, 1) = 1;
  select $readable, undef, undef, 5;
}

# Whether one of these files came there after a moment, in microseconds; lstat(2) of x86-64, whose st_ctim no tool sets.
sub is_older {
  my ($began, $files) = @_;
  my $stat = "\0" x 144;
  for my $path (split /\0/, $files) {
    next if syscall(6, $path, $stat) != 0;
    my ($seconds, $nanoseconds) = unpack 'x104 q2', $stat;
    return 1 if $seconds * 1_000_000 + int($nanoseconds / 1000) > $began;
  }
  return 0;
}

# Unix time in microseconds: clock_gettime(2) of x86-64.
sub now_us {
  my $moment = "\0" x 16;
  syscall(228, 0, $moment) == 0 or return time * 1_000_000;
  my ($seconds, $nanoseconds) = unpack 'q2', $moment;
  return $seconds * 1_000_000 + int($nanoseconds / 1000);
}

connect_bus();
mkdir $_, 0755 for '/run/skerry', '${UNIT_DIR}';
mkdir '${ENV_DIR}', 0700;
my @age = (grep { length $$_{files} } @all) ? [Unit => 'InactiveExitTimestamp'] : ();
my $states = states_of([@BRIEF, [Unit => 'NeedDaemonReload'], @age], map { $$_{unit} } @all);
my (@stops, $reload);
for (@all) {
  my $state = $$states{ $$_{unit} };
  my $active = $$state{ActiveState} // 'inactive';
  $$_{exists} = $active ne 'inactive' && $active ne 'failed';
  $$_{runs} = $$_{exists} && $active ne 'deactivating' && $$state{SubState} ne 'auto-restart';
  $$_{changed} = $$state{NeedDaemonReload};
  $$_{stale} = $$_{runs} && $$state{InactiveExitTimestamp} && is_older($$state{InactiveExitTimestamp}, $$_{files});
  if (defined $$_{text}) {
    my $path = "${UNIT_DIR}/$$_{unit}";
    my $old = content($path);
    $$_{changed} ||= !defined $old || $old ne $$_{text};
    next if !$$_{changed};
    put("${ENV_DIR}/$$_{daemon}.env", $$_{env});
    put_unit($path, $$_{text});
    # The old one ends as its own definition says; then systemd forgets that.
    push @stops, manage('StopUnit', $$_{unit}, 'replace') if $$_{exists};
  } elsif ($$_{changed} && !($$_{runs} && !$restart && !$$_{stale})) { $reload = 1 }
}
job_result($_) for @stops;
my @begun = grep { !$$_{runs} || $restart || $$_{stale} || ($$_{changed} && defined $$_{text}) } @all;
# Forgets how often it was started lately, too.
my @resets = map { manage('ResetFailedUnit', $$_{unit}) } @begun;
reply($_) for @resets;
my @stale = map { ask($$_{unit}, 'Unit', 'NeedDaemonReload') } grep { $$_{changed} && defined $$_{text} } @begun;
for (@stale) { $reload = 1 if property($_) }
reply(manage('Reload')) if $reload;
my $now = now_us();
$$_{began} = $now, $$_{call} = manage('RestartUnit', $$_{unit}, 'replace') for @begun;
my (@under_way, @watched);
for (@all) {
  if (!$$_{call}) { say_fields('did', $$_{unit}, 'kept', 'done', ''); $$_{left} = 0; push @watched, $_; next }
  ($$_{job}, my $reason) = job_of($$_{call});
  if (defined $$_{job}) { push @under_way, $_ }
  else                  { say_fields('refused', $$_{unit}, $reason =~ s/\s+/ /gr) }
}
while (@under_way) {
  my @rest;
  for (@under_way) {
    my $result = $job_results{ $$_{job} };
    if (!defined $result) { push @rest, $_; next }
    my $how = !$$_{runs} ? 'started' : defined $$_{text} && $$_{changed} ? 'changed' : $restart ? 'restarted' : 'stale';
    say_fields('did', $$_{unit}, $how, $result, $$_{began});
    # Where systemd was about to start it anew itself, it may have counted that after the reset; such an end was before ours.
    $$_{counted} = ask($$_{unit}, 'Service', 'NRestarts');
    $$_{left} = $settle;
    push @watched, $_;
  }
  flush_bus();
  @under_way = @rest or last;
  receive_bus();
  dispatch();
}
$$_{counted} = $$_{counted} ? property($$_{counted}) // 0 : undef for @watched;
while (@watched) {
  $stirred = 0;
  my $states = states_of([@BRIEF, [Service => 'NRestarts']], map { $$_{unit} } @watched);
  my @still;
  for (@watched) {
    my $state = $$states{ $$_{unit} };
    my $active = $$state{ActiveState} // 'inactive';
    my $is_up = $active eq 'active' || $active eq 'reloading' || ($active eq 'activating' && $$state{SubState} ne 'auto-restart');
    if (!$is_up || defined $$_{counted} && ($$state{NRestarts} // 0) > $$_{counted}) {
      # At once: soon systemd starts it again, and how it ended is gone.
      my $whole = states_of(\@WHOLE, $$_{unit})->{ $$_{unit} };
      sync_journal();
      tell_state($$_{unit}, $whole, 'died=1');
    }
    elsif ($$_{watch}) { push @still, $_; say_fields('runs', $$_{unit}) if !$$_{told}++ }
    elsif ($$_{left} <= 0.001) { say_fields('up', $$_{unit}) }
    else { push @still, $_ }
  }
  @watched = @still or last;
  my ($soonest) = sort { $a <=> $b } map { $$_{left} } grep { !$$_{watch} } @watched;
  my $wait = $soonest;
  while (!$stirred) {
    my $readable = '';
    vec($readable, fileno $bus, 1) = 1;
    (my $found, $wait) = select $readable, undef, undef, $wait;
    last if !$found;
    receive_bus();
    dispatch();
  }
  if (defined $soonest) { $$_{left} -= $soonest - ($wait // 0) for grep { !$$_{watch} } @watched }
}
`;

/**
 * Stops units at once, and tells how each ended.
 * @param known where it is given, units of ours that are not among these are stopped as well
 */
export function stopScript(units: readonly string[], known?: readonly string[]): string {
  return `${BUS_SCRIPT}
my @units = (${units.map(perlText).join(', ')});
${known ? `my %known = map { $_ => 1 } (${known.map(perlText).join(', ')});\n${OTHERS}` : ''}
${STOP}`;
}

const OTHERS = String.raw`
opendir my $folder, '${UNIT_DIR}';
push @units, grep { /^skerry-[^.]+\.service$/ && !$known{$_} } $folder ? readdir $folder : ();
`;

const STOP = String.raw`
connect_bus();
my $before = states_of(\@BRIEF, @units);
my %jobs = map { $_ => manage('StopUnit', $_, 'replace') } @units;
for my $unit (@units) {
  my ($result, $reason, $name) = job_result($jobs{$unit});
  my $was = $$before{$unit}{ActiveState} // 'inactive';
  if (!defined $result && $name !~ /NoSuchUnit$/) { say_fields('refused', $unit, $reason =~ s/\s+/ /gr); next }
  say_fields('did', $unit, $was eq 'inactive' || $was eq 'failed' ? 'off' : 'stopped', $result // 'done');
}
my @resets = map { manage('ResetFailedUnit', $_) } @units;
reply($_) for @resets;
`;

/** Tells how units fare, and those of ours that are not known as well. */
export function stateScript(units: readonly string[], known: readonly string[]): string {
  return `${BUS_SCRIPT}
my @units = (${units.map(perlText).join(', ')});
my %known = map { $_ => 1 } (${known.map(perlText).join(', ')});
${OTHERS}
${STATE}`;
}

const STATE = String.raw`
connect_bus();
my $states = states_of(\@WHOLE, @units);
for my $unit (@units) {
  my ($definition) = (content("${UNIT_DIR}/$unit") // '') =~ /^# definition ([0-9a-f]+)/;
  tell_state($unit, $$states{$unit}, $known{$unit} ? () : 'other=1', defined $definition ? "definition=$definition" : ());
}
`;

function hash(fields: Readonly<Record<string, string>>): string {
  return `{ ${Object.entries(fields)
    .map(([name, value]) => `${name} => ${value}`)
    .join(', ')} }`;
}
