// A tree whose machine is a folder of this host: the real agent runs here, as it does in a guest.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StartProgram } from '../src/sync/agent.ts';
import { HostTree, type HostTreeOptions } from '../src/sync/host-tree.ts';
import { MachineTree, type PushResult } from '../src/sync/machine-tree.ts';

export interface LocalTree extends AsyncDisposable {
  /** The host's folder. */
  readonly from: string;
  /** The machine's. */
  readonly to: string;
  readonly host: HostTree;
  readonly machine: MachineTree;
  /** Another agent for the same folders, as after a lost connection. */
  readonly again: (owner?: string) => MachineTree;
  readonly start: StartProgram;
  /** Kills all agents. */
  readonly killAgents: () => void;
}

/** @param env of the agents: `SKERRY_TREES` is where they keep what they know */
export function localTree(
  options: Partial<HostTreeOptions> = {},
  env: NodeJS.ProcessEnv = {},
): LocalTree {
  const base = mkdtempSync(join(tmpdir(), 'skerry-tree-'));
  const [from, to] = [join(base, 'from'), join(base, 'machine/srv/src')];
  mkdirSync(from);
  const stop = new AbortController();
  const { signal } = stop;
  const agents: ChildProcess[] = [];
  const start = startLocally({ SKERRY_TREES: join(base, 'trees'), ...env }, agents);
  const host = new HostTree({ root: from, exclude: [], ...options });
  const own = `${process.geteuid?.()}:${process.getegid?.()}`;
  const again = (owner = own): MachineTree => new MachineTree({ host, to, owner, start, signal });
  return {
    from,
    to,
    host,
    machine: again(),
    again,
    start,
    killAgents: () => {
      for (const agent of agents) agent.kill('SIGKILL');
    },
    [Symbol.asyncDispose]: () => {
      stop.abort();
      rmSync(base, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

function startLocally(env: NodeJS.ProcessEnv, agents: ChildProcess[]): StartProgram {
  return async ([program = '', ...args], { input, onOutput, signal }) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, signal });
    agents.push(child);
    child.on('error', () => {});
    child.stdin.on('error', () => {});
    child.stdout.on('data', (data: Buffer) => onOutput('stdout', data));
    child.stderr.on('data', (data: Buffer) => onOutput('stderr', data));
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const pump = async (): Promise<void> => {
      for await (const chunk of input)
        await new Promise<void>((resolve) => child.stdin.write(chunk, () => resolve()));
      child.stdin.end();
    };
    await Promise.race([pump(), ended]);
    await ended;
  };
}

/** Writes a file, in folders that are made where they are not there. */
export function write(folder: string, path: string, content: string | Buffer = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

let dates = 0;

/**
 * Gives a file a date that no other has. The kernel's goes on every few milliseconds only: two files of one size that are
 * written in one go have the same, and then a tree cannot know that one was put in the place of the other.
 */
export function date(path: string | Buffer): void {
  const seconds = 1_700_000_000 + ++dates / 8;
  utimesSync(path, seconds, seconds);
}

/** Looks at the host's folder again, and sends what changed. */
export async function sync({ host }: LocalTree, machine: MachineTree): Promise<PushResult> {
  const before = await host.scan();
  return machine.push(before.keys(), { before });
}

/** Connects, and sends all. */
export async function started(tree: LocalTree): Promise<MachineTree> {
  await tree.host.scan();
  await tree.machine.connect();
  await tree.machine.push();
  return tree.machine;
}

/** All there is in a folder: what each path is, and its content. Names are latin1. */
export function listTree(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (folder: Buffer, prefix: string): void => {
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const shown = prefix + name.toString('latin1');
      const stats = lstatSync(path, { bigint: true });
      const mode = (stats.mode & 0o777n).toString(8);
      if (stats.isSymbolicLink())
        found[shown] = `-> ${readlinkSync(path, 'buffer').toString('latin1')}`;
      else if (stats.isDirectory()) {
        found[shown] = `folder ${mode}`;
        walk(path, `${shown}/`);
      } else found[shown] = `file ${mode} ${stats.mtimeNs} ${readFileSync(path, 'latin1')}`;
    }
  };
  walk(Buffer.from(root), '');
  return found;
}
