// The agent on a real host: what joining has left, and the agent run from it.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { z } from 'zod';
import { SkerryError } from '../../util/errors.ts';
import { Agent } from '../agent/agent.ts';
import { DOMAIN } from '../bus/open-bus.ts';
import { XmppBus } from '../bus/xmpp/xmpp-bus.ts';
import { ChatBus } from '../chat/chat-bus.ts';
import { join, membership } from './join.ts';
import { parseToken } from './join-token.ts';

export const agentHost = z.object({
  libvirtUri: z.string().default('qemu:///system'),
  pool: z.string().default('default'),
  imagesPool: z.string().default('default'),
  sharedStorage: z.boolean().default(false),
  migrationUri: z.string().nullable().default(null),
});
/** What an administrator says of a hypervisor when it joins. */
export type AgentHost = z.infer<typeof agentHost>;

const schema = agentHost.extend({ membership });

/** Joins with a token and notes what the agent needs, in files that only its owner may read. */
export async function joinAgent(
  dir: string,
  token: string,
  host: AgentHost,
  signal?: AbortSignal,
): Promise<{ hypervisor: string; url: string }> {
  const found = await join(parseToken(token), signal);
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o700);
  const text = JSON.stringify({ ...host, membership: found }, null, 2);
  await writeFile(joinPath(dir, 'agent-host.json'), `${text}\n`, { mode: 0o600 });
  return { hypervisor: found.address, url: found.url };
}

/** Runs the agent until it is disposed of; it starts also while central is away. @throws AGENT_MISSING */
export async function runAgent(
  dir: string,
  options: { readonly version: string; readonly log?: (line: string) => void },
): Promise<Agent & { readonly name: string }> {
  const text = await readFile(joinPath(dir, 'agent-host.json'), 'utf8').catch(() => undefined);
  if (text === undefined) throw new SkerryError('AGENT_MISSING', { data: { dir } });
  const { membership: member, libvirtUri, ...settings } = schema.parse(JSON.parse(text));
  const { bus, ca, address } = member;
  const server = { host: bus.host, port: bus.port, ca };
  const shown = new ChatBus(
    new XmppBus({ address, domain: bus.domain, server, password: bus.password }),
    { server, domain: DOMAIN },
  );
  const agent = await Agent.start({
    name: address,
    libvirtUri,
    stateDir: dir,
    version: options.version,
    settings: { ...settings, streamCa: ca },
    bus: shown,
    ...(options.log && { log: options.log }),
  });
  shown.answer((entity, user, text) => agent.chat(entity, user, text));
  return Object.assign(agent, { name: address });
}
