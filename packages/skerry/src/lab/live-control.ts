// Starts, asks and ends the process that keeps a lab's trees equal (live-sync.ts).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LabSpec } from '../lab-file/spec.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { SkerryError } from '../util/errors.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import { SCRIPT_EXTENSION } from '../util/script-extension.ts';
import type { LiveEvent, LiveRequest, LiveStatus } from './live-protocol.ts';
import type { LiveOrder } from './live-sync.ts';
import { Progress } from './progress.ts';
import { withLabLock } from './with-lock.ts';
import { labOff } from './lab-off.ts';

const ANSWER_MS = 10_000;
const START_MS = 10_000;

/** The trees that are pushed. Pure. */
export function pushedTrees(lab: LabSpec): TreeSpec[] {
  return lab.trees.filter(({ mode }) => mode === 'push');
}

/** The trees that machines have mounted. Pure. */
export function sharedTrees(trees: readonly TreeSpec[]): TreeSpec[] {
  return trees.filter(({ mode }) => mode === 'share');
}

/**
 * The trees that are kept up to date once somebody asks for it: a fork brings nothing here, where the lab's own files are.
 * Pure.
 */
export function keptTrees({ trees, fork }: Pick<LabSpec, 'trees' | 'fork'>): readonly TreeSpec[] {
  return fork === undefined ? trees : trees.filter(({ mode }) => mode !== 'pull');
}

/** Undefined where nobody looks after the trees. */
export async function liveStatus(paths: LabPaths): Promise<LiveStatus | undefined> {
  return ask(paths, { ask: 'status' });
}

/** Resolves when the machines that are there have all that is on the host now. Undefined: as liveStatus. */
export async function liveFlush(
  paths: LabPaths,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<LiveStatus | undefined> {
  return ask(paths, { ask: 'flush' }, timeoutMs, signal);
}

/** Resolves when that machine, which is waited for, has all that is on the host now. Undefined: as liveStatus. */
export async function liveReady(
  paths: LabPaths,
  machine: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<LiveStatus | undefined> {
  return ask(paths, { ask: 'ready', machine }, timeoutMs, signal);
}

/** Ends it, for who does its work from now on. */
export async function endLive(paths: LabPaths): Promise<LiveStatus | undefined> {
  return ask(paths, { ask: 'stop' });
}

/** Ends it for all trees but those that are shared, which machines have mounted. False where there were no others. */
export async function stopLive(paths: LabPaths): Promise<boolean> {
  const running = await endLive(paths);
  const shared = sharedTrees(running?.trees ?? []);
  if (shared.length > 0) await startLive(shared, paths);
  return running !== undefined && running.trees.length > shared.length;
}

/**
 * Has the trees of the lab file looked after, and no others. A fork keeps its files until somebody says otherwise. Call it
 * with the lab's lock held. True where that has begun only now: the machines may have old files then.
 */
export async function ensureLive(lab: LabSpec, paths: LabPaths): Promise<boolean> {
  if (lab.fork === undefined) return lookAfterTrees(lab.trees, paths);
  // What is shared is this host's own, for a fork too.
  const shared = sharedTrees(lab.trees);
  const running = shared.length > 0 ? await liveStatus(paths) : undefined;
  if (JSON.stringify(sharedTrees(running?.trees ?? [])) === JSON.stringify(shared)) return false;
  return lookAfterTrees(shared, paths);
}

async function lookAfterTrees(trees: readonly TreeSpec[], paths: LabPaths): Promise<boolean> {
  const running = await liveStatus(paths);
  if (running && JSON.stringify(running.trees) === JSON.stringify(trees)) return false;
  if (running) await endLive(paths);
  if (trees.length > 0) await startLive(trees, paths);
  return trees.length > 0;
}

/** The same for a lab that runs, by who has no lock. @throws LAB_OFF */
export async function keepLive(lab: LabSpec, signal: AbortSignal): Promise<void> {
  const paths = labPaths(lab);
  await withLabLock(paths, 'sync', new Progress(), signal, async () => {
    if (!(await sandboxStatus(paths.gatewaySocket))) throw labOff(lab);
    await lookAfterTrees(keptTrees(lab), paths);
  });
}

/** Calls back for each change, until the signal fires or the lab is off. */
export async function watchLive(
  paths: LabPaths,
  onEvent: (event: LiveEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const socket = await dial(paths.syncSocket);
  if (!socket) return;
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  send(socket, { ask: 'watch' });
  try {
    for await (const line of linesOf(socket)) onEvent(JSON.parse(line) as LiveEvent);
  } catch (error) {
    // Whoever kept them was killed before it had read all.
    if (!signal.aborted && !nobodyListens(error)) throw error;
  }
}

async function startLive(trees: readonly TreeSpec[], paths: LabPaths): Promise<void> {
  await mkdir(paths.logDir, { recursive: true });
  const script = fileURLToPath(new URL(`./live-sync${SCRIPT_EXTENSION}`, import.meta.url));
  const log = await open(join(paths.logDir, 'sync.log'), 'w');
  const child = spawn(process.execPath, ['--max-semi-space-size=1', script], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  const { gatewaySocket, syncSocket, dir: stateDir } = paths;
  child.send({ trees, gatewaySocket, syncSocket, stateDir } satisfies LiveOrder);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const started = await Promise.race([
    once(child, 'message').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  clearTimeout(timer);
  if (child.connected) child.disconnect();
  child.unref();
  if (!started)
    throw new SkerryError('SYNC_PROCESS', { data: { log: join(paths.logDir, 'sync.log') } });
}

async function ask(
  paths: LabPaths,
  request: LiveRequest,
  timeoutMs: number = ANSWER_MS,
  signal?: AbortSignal,
): Promise<LiveStatus | undefined> {
  const socket = await dial(paths.syncSocket);
  if (!socket) return undefined;
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const abort = (): void => void socket.destroy();
  signal?.addEventListener('abort', abort);
  try {
    send(socket, request);
    for await (const line of linesOf(socket)) return JSON.parse(line) as LiveStatus;
    signal?.throwIfAborted();
    throw new SkerryError('SYNC_SILENT', {
      data: { seconds: timeoutMs / 1000, log: join(paths.logDir, 'sync.log') },
    });
  } catch (error) {
    // Whoever kept them was killed before it could answer.
    if (signal?.aborted || !nobodyListens(error)) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** Without the second line readline waits for ever on a connection that this side has ended. */
function linesOf(socket: Socket): AsyncIterable<string> {
  const lines = createInterface(socket);
  socket.once('close', () => lines.close());
  return lines;
}

function send(socket: Socket, request: LiveRequest): void {
  socket.write(`${JSON.stringify(request)}\n`);
}

function dial(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', (error) => {
      if (nobodyListens(error)) resolve(undefined);
      else reject(error);
    });
  });
}
