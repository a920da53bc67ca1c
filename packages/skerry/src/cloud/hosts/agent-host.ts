// The agent on a real host: what joining has left, and the agent run from it.
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { z } from 'zod';
import { SkerryError } from '../../util/errors.ts';
import { Agent, type Centrals } from '../agent/agent.ts';
import type { RequestOptions } from '../bus/bus.ts';
import { type Membership, membership } from '../bus/membership.ts';
import { DOMAIN } from '../bus/open-bus.ts';
import { SeveralBuses } from '../bus/several-buses.ts';
import { ChatBus } from '../chat/chat-bus.ts';
import type { EntityAnswers } from '../chat/entity-session.ts';
import { PEER_ADDRESS } from '../entity.ts';
import { VerbError } from '../verb-error.ts';
import { busOf, join } from './join.ts';
import { parseToken } from './join-token.ts';
import { linkLog } from './link-log.ts';

export const agentHost = z.object({
  libvirtUri: z.string().default('qemu:///system'),
  pool: z.string().default('default'),
  imagesPool: z.string().default('default'),
  sharedStorage: z.boolean().default(false),
  migrationUri: z.string().nullable().default(null),
});
/** What an administrator says of a hypervisor when it joins. */
export type AgentHost = z.infer<typeof agentHost>;

const schema = agentHost.extend({
  membership,
  /** Other centrals, that the first one has told of. */
  others: z.array(membership).default([]),
});
type Saved = z.infer<typeof schema>;

/** Joins with a token and notes what the agent needs, in files that only its owner may read. */
export async function joinAgent(
  dir: string,
  token: string,
  host: AgentHost,
  signal?: AbortSignal,
): Promise<{ hypervisor: string; url: string }> {
  const parsed = parseToken(token);
  if (parsed.hypervisor === PEER_ADDRESS)
    throw new VerbError('invalid', 'this token is for a standby central, not for a hypervisor', {
      hint: 'make another one: skerry central token NAME',
    });
  const found = await join(parsed, signal);
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o700);
  await save(dir, { ...host, membership: found, others: [] });
  return { hypervisor: found.address, url: found.url };
}

/** Runs the agent until it is disposed of; it starts also while central is away. @throws AGENT_MISSING */
export async function runAgent(
  dir: string,
  options: { readonly version: string; readonly log?: (line: string) => void },
): Promise<Agent & { readonly name: string }> {
  const text = await readFile(fileIn(dir), 'utf8').catch(() => undefined);
  if (text === undefined) throw new SkerryError('AGENT_MISSING', { data: { dir } });
  const saved = schema.parse(JSON.parse(text));
  const { membership: first, others, libvirtUri, ...settings } = saved;
  const { address } = first;
  const bus = new SeveralBuses(address);
  // The agent needs the bus first.
  const answers: EntityAnswers = {
    chat: (...asked) => agent.talk.chat(...asked),
    act: (...asked) => agent.talk.act(...asked),
  };
  const centrals = new HostCentrals(dir, saved, { bus, answers, log: options.log });
  for (const each of [first, ...others]) await centrals.add(each);
  const agent = await Agent.start({
    name: address,
    libvirtUri,
    stateDir: dir,
    version: options.version,
    settings: {
      ...settings,
      get streamCa() {
        return centrals.authorities;
      },
    },
    bus,
    centrals,
    ...(options.log && { log: options.log }),
  });
  return Object.assign(agent, { name: address });
}

/** The centrals of this host, kept in its file. */
class HostCentrals implements Centrals {
  readonly #dir: string;
  readonly #bus: SeveralBuses;
  readonly #answers: EntityAnswers;
  readonly #log: (line: string) => void;
  #saved: Saved;

  constructor(
    dir: string,
    saved: Saved,
    parts: {
      readonly bus: SeveralBuses;
      readonly answers: EntityAnswers;
      readonly log?: ((line: string) => void) | undefined;
    },
  ) {
    this.#dir = dir;
    this.#saved = saved;
    this.#bus = parts.bus;
    this.#answers = parts.answers;
    this.#log = parts.log ?? (() => {});
  }

  /** Gets on the bus of a central, where people see its machines, and write to them. */
  async add(member: Membership): Promise<void> {
    const { host, port } = member.bus;
    const server = { host, port, ca: member.ca };
    const shown = new ChatBus(busOf(member, linkLog(member, this.#log)), {
      server,
      domain: DOMAIN,
    });
    shown.answer(this.#answers);
    await this.#bus.add(nameOf(member), shown);
  }

  ask(central: string, body: object, options: RequestOptions): Promise<unknown> {
    return this.#bus.ask(central, body, options);
  }

  get known(): readonly string[] {
    return this.#bus.centrals;
  }

  /** Of all of them, one after the other, in PEM. */
  get authorities(): string {
    return this.#all.map(({ ca }) => ca).join('\n');
  }

  async join(given: unknown): Promise<void> {
    const next = membership.parse(given);
    if (next.address !== this.#bus.address)
      throw new Error(`this is ${this.#bus.address}, not ${next.address}`);
    const rest = this.#all.filter((each) => nameOf(each) !== nameOf(next));
    await this.#keep([...rest, next]);
    await this.add(next);
  }

  async keep(centrals: readonly string[]): Promise<void> {
    const left = this.known.filter((each) => !centrals.includes(each));
    if (left.length === 0) return;
    await this.#keep(this.#all.filter((each) => !left.includes(nameOf(each))));
    for (const each of left) await this.#bus.remove(each);
  }

  get #all(): Membership[] {
    return [this.#saved.membership, ...this.#saved.others];
  }

  async #keep([first, ...others]: Membership[]): Promise<void> {
    if (!first) throw new Error('an agent has at least one central');
    this.#saved = { ...this.#saved, membership: first, others };
    await save(this.#dir, this.#saved);
  }
}

function nameOf({ central, bus }: Membership): string {
  return central ?? bus.host;
}

function fileIn(dir: string): string {
  return joinPath(dir, 'agent-host.json');
}

/** All of it or nothing: without it the host would have to join again. */
async function save(dir: string, saved: Saved): Promise<void> {
  const text = `${JSON.stringify(saved, null, 2)}\n`;
  await writeFile(`${fileIn(dir)}.new`, text, { mode: 0o600 });
  await rename(`${fileIn(dir)}.new`, fileIn(dir));
}
