// Starts libvirtd inside the sandbox and starts it again when it dies. Machines survive that: QEMU is not its child,
// and a new libvirtd finds them again.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';

export interface LibvirtdStatus {
  readonly state: 'starting' | 'running' | 'failed';
  readonly restarts: number;
  readonly reason?: string;
}

const RUN_DIR = '/run/skerry/lab/libvirt/run';
const MAX_RESTARTS_A_MINUTE = 5;

export interface Libvirtd {
  readonly status: () => LibvirtdStatus;
  /** Reads its configuration anew and starts again what it has lost (libvirtd(8), SIGHUP). */
  readonly reload: () => void;
}

export function startLibvirtd(log: (line: string) => void): Libvirtd {
  const deaths: number[] = [];
  let current: LibvirtdStatus = { state: 'starting', restarts: 0 };
  let running: ChildProcess | undefined;
  start();
  return { status: () => current, reload: () => void running?.kill('SIGHUP') };

  function start(): void {
    mkdirSync(RUN_DIR, { recursive: true });
    rmSync(`${RUN_DIR}/libvirt-sock`, { force: true });
    const child = spawn('libvirtd', process.env.SKERRY_HOSTNAME ? ['--listen'] : [], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    running = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.on('spawn', () => {
      current = { state: 'running', restarts: current.restarts };
    });
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code, signal) => {
      const reason = `libvirtd ended with ${signal ?? code}${said && `: ${said.trim().slice(-500)}`}`;
      log(reason);
      const now = Date.now();
      deaths.push(now);
      if (deaths.filter((at) => now - at < 60_000).length > MAX_RESTARTS_A_MINUTE) fail(reason);
      else {
        current = { state: 'starting', restarts: current.restarts + 1, reason };
        setTimeout(start, 100 * deaths.length);
      }
    });
  }

  function fail(reason: string): void {
    log(`libvirtd given up: ${reason}`);
    current = { state: 'failed', restarts: current.restarts, reason };
  }
}
