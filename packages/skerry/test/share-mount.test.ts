// A folder that is mounted by the agent that runs in machines; the machine is a mount namespace of this host.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ShareKeep } from '../src/lab/share-keep.ts';
import type { StartProgram } from '../src/sync/agent.ts';
import { poll } from '../src/util/poll.ts';

const run = promisify(execFile);
/** Only root mounts, and not in every container. */
const CAN_MOUNT =
  process.getuid?.() === 0 &&
  existsSync('/dev/fuse') &&
  spawnSync('unshare', ['-m', 'sh', '-c', 'exec 3<>/dev/fuse']).status === 0;

interface LocalShare extends AsyncDisposable {
  /** The host's folder. */
  readonly from: string;
  /** The mount, as this process gets there. */
  readonly inside: () => string;
  /** What the holder listens on. */
  readonly address: string;
  /** Serves it, until the signal fires. `lineMs`: so long answers are on their way. */
  readonly serve: (
    signal: AbortSignal,
    lineMs?: number,
  ) => { keep: ShareKeep; ended: Promise<void> };
}

function localShare(): LocalShare {
  const base = mkdtempSync(join(tmpdir(), 'skerry-share-'));
  const [from, to] = [join(base, 'from'), join(base, 'to')];
  mkdirSync(from);
  const agents: ChildProcess[] = [];
  const owner = '0:0';
  const holder = (): string | undefined =>
    readdirSync('/proc').find((pid) => {
      try {
        return (
          /^\d+$/.test(pid) &&
          readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(`skerry-share ${to}`)
        );
      } catch {
        return false;
      }
    });
  const id = createHash('sha256').update([from, to, owner].join('\0')).digest('hex').slice(0, 12);
  return {
    from,
    inside: () => `/proc/${holder()}/root${to}`,
    address: `skerry-share-${id}`,
    serve: (signal, lineMs = 0) => {
      const keep = new ShareKeep({
        tree: { mode: 'share', from, to, on: ['one'], owner, exclude: [] },
        ...{ machine: 'one', start: startInNamespace(agents, lineMs), signal, onEvent: () => {} },
      });
      return { keep, ended: keep.keep() };
    },
    [Symbol.asyncDispose]: async () => {
      const pid = holder();
      if (pid) kill(Number(pid));
      for (const { pid: agent } of agents) endGroup(agent);
      await poll(() => (holder() ? undefined : true), {
        timeoutMs: 10_000,
        onTimeout: () => new Error('the mount is still held'),
      });
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function endGroup(pid: number | undefined): void {
  if (pid !== undefined) kill(-pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** With pipes, as a guest has them: Node's own are sockets, which cannot be opened by another process. */
function startInNamespace(agents: ChildProcess[], lineMs: number): StartProgram {
  return async (command, { input, onOutput, signal }) => {
    const child = spawn('unshare', ['-m', 'sh', '-c', 'cat | "$@" | cat', 'sh', ...command], {
      detached: true,
    });
    agents.push(child);
    const end = (): void => endGroup(child.pid);
    signal.addEventListener('abort', end);
    child.stdin.on('error', () => {});
    child.stdout.on('data', (data: Buffer) => onOutput('stdout', data));
    child.stderr.on('data', (data: Buffer) => onOutput('stderr', data));
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const pump = async (): Promise<void> => {
      let isFirst = true;
      for await (const chunk of input) {
        if (!isFirst) await sleep(lineMs);
        isFirst = false;
        await new Promise<void>((resolve) => child.stdin.write(chunk, () => resolve()));
      }
      child.stdin.end();
    };
    await Promise.race([pump(), ended]);
    await ended;
    signal.throwIfAborted();
  };
}

const mounted = CAN_MOUNT ? 'mounted' : 'mounted (not run: needs root and /dev/fuse)';

describe.runIf(CAN_MOUNT)(mounted, () => {
  test('whoever is not root cannot have the holder write anywhere, nor hold up others', async () => {
    await using share = localShare();
    writeFileSync(join(share.from, 'a'), 'shared');
    const stop = new AbortController();
    const { keep, ended } = share.serve(stop.signal);
    await keep.whenReady();
    const precious = join(share.from, '../precious');
    writeFileSync(precious, 'of root', { mode: 0o644 });
    // Its own number, with a file of root's as its output: what asks the host would be written there.
    const script =
      '$SIG{PIPE} = "IGNORE"; socket $s, 1, 1, 0; connect $s, pack "Sa*", 1, "\\0$ARGV[0]" or die $!; syswrite $s, pack "L", $$ if $ARGV[1]; syswrite STDERR, "connected"; sleep 60';
    const strangers = ['say', ''].map((says) =>
      spawn('perl', ['-e', script, share.address, says], {
        ...{ detached: true, uid: 65534, gid: 65534 },
        stdio: ['ignore', openSync(precious, 'r'), 'pipe'],
      }),
    );
    try {
      for (const { stderr } of strangers)
        expect(String(((await stderr?.take(1).toArray()) ?? [])[0])).toBe('connected');
      const { stdout } = await run('cat', [join(share.inside(), 'a')], { timeout: 10_000 });
      expect(stdout).toBe('shared');
      expect(readFileSync(precious, 'utf8')).toBe('of root');
    } finally {
      for (const { pid } of strangers) endGroup(pid);
      stop.abort();
      await ended;
    }
  });

  test('what was done on the host is answered before another takes over: nothing is done twice', async () => {
    await using share = localShare();
    const stop = new AbortController();
    const first = share.serve(stop.signal, 150);
    await first.keep.whenReady();
    await readdir(share.inside());
    const made = mkdir(join(share.inside(), 'd'));
    made.catch(() => {});
    await poll(() => existsSync(join(share.from, 'd')) || undefined, {
      timeoutMs: 10_000,
      intervalMs: 5,
      onTimeout: () => new Error('nothing was made'),
    });
    stop.abort();
    await first.ended;
    const after = new AbortController();
    const second = share.serve(after.signal);
    await made;
    await second.keep.whenReady();
    expect(await readdir(share.inside())).toEqual(['d']);
    after.abort();
    await second.ended;
  });

  test('who waits while nobody serves is answered by whoever comes, each time', async () => {
    await using share = localShare();
    for (let turn = 0; turn < 40; turn++) {
      const stop = new AbortController();
      // Never seen before, so that it is asked for.
      writeFileSync(join(share.from, `file-${turn}`), String(turn));
      const waiting =
        turn > 0 && run('cat', [join(share.inside(), `file-${turn}`)], { timeout: 20_000 });
      await sleep(20);
      const { keep, ended } = share.serve(stop.signal);
      await keep.whenReady();
      if (waiting) expect((await waiting).stdout).toBe(String(turn));
      stop.abort();
      await ended;
    }
  });
});
