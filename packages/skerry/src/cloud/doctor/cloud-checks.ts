// What central can tell of the whole cloud.
import type { Central } from '../central/central.ts';
import { type StandView, standView } from '../central/stand-view.ts';
import { agentChecks, type Check } from './check.ts';
import type { Peer } from './way-checks.ts';
import { messageOf } from '../../util/message-of.ts';

const ASK_MS = 10_000;
const SKEW_MS = 2000;
const SLOW_MS = 200;
const PINGS = 5;

/** Asks every hypervisor, over the bus, and compares them. */
export async function checkCloud(central: Central, signal: AbortSignal): Promise<Check[]> {
  const hosts = central.places.hosts.toSorted((a, b) => a.name.localeCompare(b.name));
  const peers = hosts.flatMap(({ name, migrationUri: uri }) =>
    uri === null ? [] : [{ name, uri }],
  );
  const each = await Promise.all(
    hosts.map(({ name }) => checkHypervisor(central, name, peers, signal)),
  );
  return [
    ...checkCentrals(standView(central)),
    checkCount(hosts.length),
    ...each.flat(),
    ...checkVersions(hosts.map(({ name, libvirtVersion }) => ({ name, libvirtVersion }))),
    ...checkCpus(hosts.map(({ name, cpuModel }) => ({ name, cpuModel }))),
    checkTwins(central),
    ...((await central.chat?.check(signal)) ?? []),
  ];
}

/** Two centrals: who acts, and whether the other one could. */
export function checkCentrals(stand: StandView): Check[] {
  const { name, role, active, other, problem } = stand;
  if (!other) return [];
  const more = problem === '' ? '' : `: ${problem}`;
  const check = (state: Check['state'], found: string, remedy?: string): Check[] => [
    { name: 'centrals', state, found, ...(remedy !== undefined && { remedy }) },
  ];
  if (role === 'cut-off')
    return check(
      'problem',
      `${name} reaches neither ${other.name} nor most hypervisors, so it does nothing${more}`,
      `mend the network; if ${other.name} is gone: skerry central promote`,
    );
  if (!other.heard)
    return check(
      'problem',
      `${active} is active; ${other.name} is not heard${more}`,
      `on ${other.name}: systemctl status skerry-central; port 5222 must be reachable both ways`,
    );
  if (role === 'active' && !other.ready)
    return check(
      'note',
      `${name} is active; ${other.name} cannot take over yet: it is ${other.behind === null ? 'without a copy' : `${other.behind} changes behind`}${more}`,
    );
  return check('ok', `${active} is active, the other one follows`);
}

function checkCount(count: number): Check {
  if (count > 0) return { name: 'hypervisors', state: 'ok', found: `${count} have joined` };
  return {
    name: 'hypervisors',
    state: 'problem',
    found: 'none has joined',
    remedy: 'make a token: skerry central token hv1; and on that host: skerry agent join TOKEN',
  };
}

async function checkHypervisor(
  central: Central,
  name: string,
  all: readonly Peer[],
  signal: AbortSignal,
): Promise<Check[]> {
  try {
    const began = Date.now();
    const peers = all.filter((peer) => peer.name !== name);
    const answer = await central.ask(name, { type: 'check', peers }, { signal, timeoutMs: ASK_MS });
    const { checks, now } = agentChecks.parse(answer);
    const skewMs = now - (began + Date.now()) / 2;
    return [
      await checkBus(central, name, signal),
      checkClock(name, skewMs, Date.now() - began),
      ...checks.map((check) => ({ ...check, name: `${name}: ${check.name}` })),
    ];
  } catch (error) {
    const reason = messageOf(error);
    return [
      {
        name: `${name}: agent`,
        state: 'problem',
        found: reason,
        remedy: `on ${name}: systemctl status skerry-agent; journalctl -u skerry-agent`,
      },
    ];
  }
}

async function checkBus(central: Central, name: string, signal: AbortSignal): Promise<Check> {
  const times: number[] = [];
  for (let ping = 0; ping < PINGS; ping++) {
    const began = performance.now();
    await central.ask(name, { type: 'ping' }, { signal, timeoutMs: ASK_MS });
    times.push(performance.now() - began);
  }
  const middle = Math.round(times.toSorted((a, b) => a - b)[Math.floor(PINGS / 2)] ?? 0);
  const found = `an answer in ${middle} ms`;
  if (middle <= SLOW_MS) return { name: `${name}: bus`, state: 'ok', found };
  return {
    name: `${name}: bus`,
    state: 'note',
    found: `${found}, which is slow`,
    remedy: `look at the network between central and ${name}, and what else they do`,
  };
}

/** The answer's way is part of the difference: half of it may be. */
function checkClock(name: string, skewMs: number, tookMs: number): Check {
  const seconds = `${(Math.abs(skewMs) / 1000).toFixed(1)} s`;
  if (Math.abs(skewMs) <= SKEW_MS + tookMs / 2)
    return { name: `${name}: clock`, state: 'ok', found: `${seconds} from central's` };
  return {
    name: `${name}: clock`,
    state: 'problem',
    found: `${seconds} ${skewMs > 0 ? 'ahead of' : 'behind'} central's: logs and migrations go wrong`,
    remedy: `on ${name}: install chrony or systemd-timesyncd`,
  };
}

function checkVersions(hosts: readonly { name: string; libvirtVersion: string }[]): Check[] {
  const versions = new Set(hosts.map(({ libvirtVersion }) => libvirtVersion).filter(Boolean));
  if (versions.size < 2) return [];
  const found = hosts.map(({ name, libvirtVersion }) => `${name} ${libvirtVersion}`).join(', ');
  return [
    {
      name: 'versions of libvirt',
      state: 'note',
      found: `they differ: ${found}; machines move to newer ones only`,
      remedy: 'bring them to the same version',
    },
  ];
}

function checkCpus(hosts: readonly { name: string; cpuModel: string }[]): Check[] {
  const models = new Set(hosts.map(({ cpuModel }) => cpuModel).filter(Boolean));
  if (models.size < 2) return [];
  const found = hosts.map(({ name, cpuModel }) => `${name} ${cpuModel}`).join(', ');
  return [
    {
      name: 'processors',
      state: 'note',
      found: `they differ: ${found}; machines with host-passthrough do not move between them`,
    },
  ];
}

/** A machine that two hypervisors run is the worst that can happen to its disks. */
function checkTwins(central: Central): Check {
  const twins = central.registry.runningTwice();
  if (twins.length === 0)
    return { name: 'machines', state: 'ok', found: 'none runs on two hypervisors' };
  return {
    name: 'machines',
    state: 'problem',
    found: `on two hypervisors at once: ${twins.join('; ')}`,
    remedy: 'force one of each pair off at once, on its hypervisor: virsh destroy NAME',
  };
}
