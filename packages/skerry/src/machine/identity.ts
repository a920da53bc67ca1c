import { hashOf } from './metadata.ts';

/** What makes a booted copy of an image one machine of one lab. */
export interface Identity {
  readonly hostname: string;
  readonly aliases: readonly string[];
  readonly domain: string;
  readonly mac: string;
  readonly address: string;
  readonly netmask: string;
  readonly gateway: string;
  /** Whether the gateway leads anywhere. */
  readonly hasUplink: boolean;
  /** 32 hex digits, machine-id(5). */
  readonly machineId: string;
  /** Private host key in OpenSSH's format: made on the host, so that its public half is known before the first ssh. */
  readonly hostKey: string;
  readonly hostPublicKey: string;
  /** Who may log in as root: the lab's public key. */
  readonly authorizedKey: string;
  readonly nested: boolean;
}

/** Names an identity in the domain's metadata; says nothing of the keys. */
export function identityHash(identity: Identity): string {
  const { hostKey: _, ...known } = identity;
  return hashOf(known);
}

/**
 * A file that only a template has, in memory, with the machine-id it booted with: what is thawed from one must change
 * more than a machine that booted.
 */
export const TEMPLATE_SIGN = '/run/skerry-template';

const SETTLE_SIGN = '/run/skerry-settle';

/** Perl as well: tells a guest that it may see to what can wait. */
export const SETTLE_SCRIPT: string = `open my $sign, '>', '${SETTLE_SIGN}'`;

/**
 * The Perl script that gives a guest its identity; for the helper's own interpreter, as root, safe to run again.
 * When it ends others can reach the guest by name. It starts no process where it can do without: each costs a guest
 * under emulation 50 to 200 ms. Numbers are those of Linux on x86-64.
 */
export function identityScript(identity: Identity, fresh: FreshValues): string {
  const { hostname, aliases, domain, address, gateway } = identity;
  const names = [`${hostname}.${domain}`, hostname, ...aliases].join(' ');
  const hosts = `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${address} ${names}\n`;
  const resolver = `nameserver ${gateway}\nsearch ${domain}\noptions timeout:2 attempts:2\n`;
  const files: readonly (readonly [path: string, content: string, mode: string])[] = [
    ['/etc/hostname', `${hostname}\n`, '0644'],
    ['/etc/hosts', hosts, '0644'],
    ['/etc/resolv.conf', resolver, '0644'],
    ['/etc/machine-id', `${identity.machineId}\n`, '0444'],
    ['/root/.ssh/authorized_keys', `${identity.authorizedKey.trim()}\n`, '0600'],
    ['/etc/ssh/ssh_host_ed25519_key', `${identity.hostKey.trim()}\n`, '0600'],
    ['/etc/ssh/ssh_host_ed25519_key.pub', `${identity.hostPublicKey.trim()}\n`, '0644'],
  ];
  return `
umask 022;
${SYSTEM_CALL}
my $template_id = do { open my $sign, '<', '${TEMPLATE_SIGN}'; $sign && <$sign> };
${clock(fresh.nowMs)}
${randomness(fresh.seed)}
sub list { my ($dir) = @_; opendir my $handle, $dir or return; return map { "$dir/$_" } grep { !/^\\./ } readdir $handle }
unlink grep { m{/ssh_host_[^/]*$} } list('/etc/ssh');
mkdir '/root/.ssh', 0700;
sub put {
  my ($path, $content, $mode) = @_;
  open my $file, '>', "$path.new" or die "$path: $!\\n";
  chmod $mode, "$path.new";
  (print {$file} $content) && close $file or die "$path: $!\\n";
  rename "$path.new", $path or die "$path: $!\\n";
}
${files.map(([path, content, mode]) => `put('${path}', ${quote(content)}, ${mode});`).join('\n')}
system_call(170, ${quote(hostname)}, ${hostname.length}); # sethostname
if (defined $template_id) {
  $template_id =~ tr/\\n//d; # chomp would take $/, which the helper has unset
  ${becomeAnother(fresh)}
}
${network(identity)}
if (defined $template_id) {
  unlink '${TEMPLATE_SIGN}';
  ${settle(identity)}
}
${identity.nested ? NESTING_PROBE : ''}
`;
}

/** What must never be the same twice. */
export interface FreshValues {
  /** 64 random bytes. */
  readonly seed: Buffer;
  /** A random UUID. */
  readonly bootId: string;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
}

/** Perl's own refuses constants. */
const SYSTEM_CALL =
  'sub system_call { my @words = @_; return syscall $words[0], @words[1 .. $#words] }';

/** Perl as well: what a guest needs that goes on with an old memory. */
export function wakeScript(nowMs: number, seed: Buffer): string {
  return [SYSTEM_CALL, clock(nowMs), randomness(seed)].join('\n');
}

/** Perl as well: sets a guest's clock, and nothing else. */
export function clockScript(nowMs: number): string {
  return `${SYSTEM_CALL}\n${clock(nowMs)}`;
}

/** Perl as well: moves a guest's clock on by the time that it stood still. */
export function clockShiftScript(ms: number): string {
  return `my ($get, $set, $realtime, $time) = (228, 227, 0, "\\0" x 16);
syscall $get, $realtime, $time; # clock_gettime
my ($seconds, $nanoseconds) = unpack 'qq', $time;
$nanoseconds += ${Math.round(ms * 1e6)};
$time = pack 'qq', $seconds + int($nanoseconds / 1e9), $nanoseconds % 1e9;
syscall $set, $realtime, $time; # clock_settime`;
}

/** Sets a guest's clock. */
function clock(nowMs: number): string {
  const [seconds, nanoseconds] = [Math.floor(nowMs / 1000), Math.floor((nowMs % 1000) * 1e6)];
  return `system_call(227, 0, pack('qq', ${seconds}, ${nanoseconds})); # clock_settime`;
}

/** RNDADDENTROPY, then RNDRESEEDCRNG: without it all that were thawed from one memory would draw the same numbers. */
function randomness(seed: Buffer): string {
  return `if (open my $random, '+<', '/dev/urandom') {
  my $entropy = pack 'iiH*', ${seed.length * 8}, ${seed.length}, '${seed.toString('hex')}';
  ioctl $random, 0x40085203, $entropy;
  ioctl $random, 0x5207, 0;
}`;
}

/** The kernel keeps its boot id for good, so another is mounted over it. */
function becomeAnother({ bootId }: FreshValues): string {
  return `put('/run/skerry-boot-id', "${bootId}\\n", 0444);
  system_call(165, '/run/skerry-boot-id', '/proc/sys/kernel/random/boot_id', 0, 4096, 0); # mount --bind
  unlink '/run/skerry-boot-id';`;
}

/**
 * What can wait until the host says so, or 30 s, and would keep the first login waiting: the journal becomes this
 * machine's, and systemd-networkd finds the address and asks for its lease.
 */
function settle({ machineId }: Identity): string {
  return `if (!fork) {
    open $_, '+<', '/dev/null' for *STDIN, *STDOUT, *STDERR;
    for (1 .. 150) { last if -e '${SETTLE_SIGN}'; select undef, undef, undef, 0.2 }
    unlink '${SETTLE_SIGN}';
    rename "/run/log/journal/$template_id", '/run/log/journal/${machineId}';
    for my $process (grep { /\\d$/ } list('/proc')) {
      open my $comm, '<', "$process/comm" or next;
      kill 'TERM', $process =~ /(\\d+)/ if (<$comm> // '') eq "systemd-journal\\n";
    }
    exec 'systemctl', '--no-block', 'start', 'systemd-networkd.service';
  }`;
}

/** Name, address and way out of eth0; a template has stopped systemd-networkd, which would take its time. */
function network({ mac, address, netmask, gateway, hasUplink }: Identity): string {
  const hex = (ip: string): string =>
    ip
      .split('.')
      .map((byte) => Number(byte).toString(16).padStart(2, '0'))
      .join('');
  const inet = (ip: string): string => `pack('SSH8x8', 2, 0, '${hex(ip)}')`;
  const route = `pack('Qa16a16a16SSx4QQsx6QQQSx6', 0, ${inet('0.0.0.0')}, ${inet(gateway)}, ${inet('0.0.0.0')}, 3, 0, 0, 0, 0, 0, 0, 0, 0)`;
  return `socket my $net, 2, 2, 0 or die "socket: $!\\n";
sub set {
  my ($what, $code, $data) = @_;
  my $request = pack 'a16a24', 'eth0', $data;
  ioctl $net, $code, $request or die "eth0: $what: $!\\n";
}
my $mac = pack 'SH12', 1, '${mac.replaceAll(':', '')}';
my $now = pack 'a16x24', 'eth0';
ioctl $net, 0x8927, $now or die "eth0: $!\\n"; # SIOCGIFHWADDR
set('MAC', 0x8924, $mac) if substr($now, 18, 6) ne substr($mac, 2, 6);
set('address', 0x8916, ${inet(address)});
set('netmask', 0x891c, ${inet(netmask)});
set('up', 0x8914, pack('S', 0x1043)); # IFF_UP, IFF_BROADCAST, IFF_RUNNING, IFF_MULTICAST
${
  hasUplink
    ? `my $route = ${route};
ioctl $net, 0x890b, $route or $! == 17 or die "route: $!\\n"; # SIOCADDRT, EEXIST`
    : ''
}`;
}

/** Prints what `nestingOf` reads. */
const NESTING_PROBE = `system 'modprobe -q kvm_amd nested=1 || modprobe -q kvm_intel nested=1'
  unless -d '/sys/module/kvm_amd' || -d '/sys/module/kvm_intel';
my ($flag) = do { open my $cpus, '<', '/proc/cpuinfo'; local $/; <$cpus> =~ /\\b(vmx|svm)\\b/ };
printf "nesting flag=%s kvm=%s\\n", $flag // 'none', -c '/dev/kvm' ? 'yes' : 'no';`;

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
