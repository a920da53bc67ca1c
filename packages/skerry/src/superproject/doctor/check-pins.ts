// Pains 1, 2, 3: whether pins can be had from their remotes, now and later.
import { allSettled } from '../../util/all-settled.ts';
import type { Changes } from '../checkout/changes.ts';
import { each } from '../checkout/each.ts';
import { firstUnreachable, hasCommit } from '../checkout/objects-here.ts';
import { type DanglingPin, danglingPins, type PinToVerify } from '../checkout/verify-pins.ts';
import { fetchPin, hasComponents } from '../fetch-pin.ts';
import { formatGit } from '../format-git.ts';
import { keepCommand } from '../keep-pin.ts';
import { hostOf, shownUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { pushPin } from '../push-pin.ts';
import { trackedBranch } from '../tracked.ts';
import { isRead } from './check-remotes.ts';
import type { Finding, Patient, PatientComponent } from './patient.ts';

/** Each asks a remote, and starts a few processes. */
const WIDTH = 32;

type Pinned = PatientComponent & { readonly pin: string };

/** Only those that no ref of the remote names need to be looked at. */
export async function checkPins(patient: Patient): Promise<readonly Finding[]> {
  const unnamed = patient.components.filter((one): one is Pinned => {
    const answer = patient.answers.get(one.name);
    return one.pin !== undefined && isRead(answer) && ![...answer.refs.values()].includes(one.pin);
  });
  if (unnamed.length === 0) return [];
  const old = await oldHosts(patient.network, unnamed);
  const isPublished = await isSuperprojectPublished(patient);
  const found = await each(unnamed, WIDTH, (one) =>
    lookAt(patient, one, { isOld: old.has(hostOf(one.remote)), isPublished }),
  );
  return found.flat();
}

/** Hosts that speak only protocol v0, by what git says of the packets (GIT_TRACE_PACKET). One connection for each host. */
async function oldHosts(network: Network, pins: readonly Pinned[]): Promise<ReadonlySet<string>> {
  const byHost = new Map(pins.map(({ remote }) => [hostOf(remote), remote]));
  const asked = [...byHost].map(async ([host, url]) => {
    const args = ['-c', 'protocol.version=2', 'ls-remote', '--', url, 'HEAD'];
    const { stderr } = await network.git(args, { url, env: { GIT_TRACE_PACKET: '1' } });
    return /< version 2\b/.test(stderr) ? [] : [host];
  });
  return new Set((await Promise.all(asked)).flat());
}

async function isSuperprojectPublished({ checkout, network }: Patient): Promise<boolean> {
  if (!checkout || checkout.head.commit === undefined) return true;
  const where = { cwd: checkout.root, signal: network.signal };
  return (await firstUnreachable(['HEAD'], ['--remotes'], where)) === undefined;
}

interface Around {
  readonly isOld: boolean;
  /** The superproject's commit is on its remote. */
  readonly isPublished: boolean;
}

async function lookAt(
  patient: Patient,
  component: Pinned,
  { isOld, isPublished }: Around,
): Promise<readonly Finding[]> {
  const { name, path, remote, pin, headPin } = component;
  const { network } = patient;
  const isHere = await isInCheckout(component, network);
  const cwd = isHere ? component.dir : undefined;
  const own = { name, path, remote, pin, branch: trackedBranch(component, undefined), cwd };
  const dangling = await danglingPins(network, [own]);
  const isOwn = (one: PinToVerify): boolean => one.path === path && one.pin === pin;
  const isDangling = dangling.some(isOwn);
  // What a pin that is not published has in it is not published either.
  const isOut = isPublished && headPin === pin;
  const findings = await allSettled(
    dangling.map((one) => lost(patient, one, isOwn(one) ? isOut : isOut && !isDangling)),
  );
  return isOld && !isDangling ? [oldServer(patient, own), ...findings] : findings;
}

/** The finding of a pin that a fresh clone would not get: of the component, or of one in it. */
async function lost(patient: Patient, one: DanglingPin, isPublished: boolean): Promise<Finding> {
  const { path, pin, remote, reason, cwd } = one;
  const isThere = !reason.includes('no such commit');
  const isHere =
    cwd !== undefined && (await hasCommit(pin, { cwd, signal: patient.network.signal }));
  if (isHere && !isThere) return unpushed(patient, one, isPublished);
  return {
    ...{ pain: 'pain-2', level: 'problem', path },
    message: `the pin ${short(pin)}: ${reason}`,
    hint: isThere
      ? 'doctor --fix gives it a ref, before it is collected'
      : `whoever has it can bring it back: ${formatGit(keepCommand({ url: shownUrl(remote), pin }, true))}`,
    fix: isThere ? (changes) => keep(changes, patient, one) : undefined,
  };
}

function oldServer(patient: Patient, one: PinToVerify): Finding {
  const { path, pin, remote, cwd } = one;
  const isHere = cwd !== undefined;
  return {
    ...{ pain: 'pain-1', level: 'problem', path },
    message: `the pin ${short(pin)} is no tip of a branch and no tag, and ${hostOf(remote)} speaks only protocol v0: shallow clones fail`,
    hint: isHere
      ? 'doctor --fix gives it a ref'
      : 'have the server pass GIT_PROTOCOL on (AcceptEnv of sshd); or, in a checkout: doctor --fix',
    fix: isHere ? (changes) => keep(changes, patient, one) : undefined,
  };
}

function unpushed(patient: Patient, one: DanglingPin, isPublished: boolean): Finding {
  const { path, pin, cwd = '' } = one;
  // `push` goes no deeper than the components of the superproject itself.
  const isNested = !patient.components.some((component) => component.path === path);
  const push = isNested ? formatGit(['push'], cwd) : 'skerry superproject push';
  if (!isPublished)
    return {
      ...{ pain: 'pain-3', level: 'note', path, hint: push },
      message: `the pin ${short(pin)} is only in this checkout, and not pushed`,
    };
  return {
    ...{ pain: 'pain-3', level: 'problem', path },
    message: `the superproject is pushed, and its pin ${short(pin)} is only in this checkout`,
    hint: `${push}; or, to have it kept there without a branch: doctor --fix`,
    fix: (changes) => keep(changes, patient, one),
  };
}

function short(id: string): string {
  return id.slice(0, 12);
}

async function isInCheckout({ state, dir, pin }: Pinned, { signal }: Network): Promise<boolean> {
  return state === 'present' && dir !== undefined && hasCommit(pin, { cwd: dir, signal });
}

/**
 * From the clone here, which has all of it; else from what the remote gives. The pins in it are not looked at, which a
 * second ref says, so that the next nightly does.
 */
async function keep(
  changes: Changes,
  { network, scratch }: Patient,
  { name: about, remote: url, pin, cwd }: PinToVerify,
): Promise<void> {
  if (cwd !== undefined && (await hasCommit(pin, { cwd, signal: network.signal }))) {
    const command = keepCommand({ url, pin }, await hasComponents(cwd, pin));
    return changes.remote(command, { url, cwd, about });
  }
  const question = { url, about, to: pin, from: undefined, refs: new Map() };
  const { gitDir } = await fetchPin(network, scratch, question);
  const command = keepCommand({ url, pin }, await hasComponents(gitDir, pin));
  await changes.own(command, scratch.dir, () =>
    pushPin(network, scratch, { url, about, pin, gitDir, branch: undefined }, command),
  );
}
