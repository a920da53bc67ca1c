// Commands of Skerry as on hosts, and what a browser does there.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import type { LiveMessage } from '../../src/cloud/central/http/live.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const argv = [process.execPath, '--conditions=@skerry/source', main];

export interface Input {
  readonly input?: string;
}

/** One host: its commands run in its network. */
export class Host {
  readonly #enter: readonly string[];
  readonly #processes: ChildProcess[] = [];

  /** @param enter words before each command, such as those of nsenter. */
  constructor(enter: readonly string[] = []) {
    this.#enter = enter;
  }

  /** What a command prints. */
  run(...words: (string | Input)[]): string {
    const { input } = words.find((word): word is Input => typeof word !== 'string') ?? {};
    const args = words.filter((word) => typeof word === 'string');
    const [program = '', ...rest] = [...this.#enter, ...argv, ...args];
    return execFileSync(program, rest, {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 60_000,
      ...(input !== undefined && { input }),
    }).trim();
  }

  /** The first line of what it says when it fails. */
  failure(...words: (string | Input)[]): string {
    try {
      this.run(...words);
    } catch (error) {
      return (error as { stderr: string }).stderr.split('\n')[0] ?? '';
    }
    return 'it did not fail';
  }

  /** Starts a command that goes on, and waits for its words. */
  async serve(words: string, ...args: string[]): Promise<ChildProcess> {
    const [program = '', ...rest] = [...this.#enter, ...argv, ...args];
    const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'pipe'] });
    this.#processes.push(child);
    const deadline = setTimeout(() => child.kill('SIGKILL'), 60_000);
    let said = '';
    const lines = createInterface({ input: child.stderr });
    const isThere = new Promise<boolean>((resolve) => {
      lines.on('line', (line) => {
        said += `${line}\n`;
        if (process.env['SKERRY_TEST_LOG']) console.error(line);
        if (line.includes(words)) resolve(true);
      });
      lines.on('close', () => resolve(false));
    });
    const isUp = await isThere;
    clearTimeout(deadline);
    if (!isUp) throw new Error(`${args.join(' ')} ended: ${said}`);
    return child;
  }

  end(): void {
    for (const child of this.#processes) child.kill('SIGTERM');
  }
}

export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookie: string;
}

/** What a page knows: whether hypervisors are live, and the state of machines by name. */
export interface Live extends AsyncDisposable {
  readonly lamps: Map<string, boolean>;
  readonly states: Map<string, string>;
}

/** A browser at a central's web port. */
export class Browser {
  readonly #host: string;
  readonly #caFile: string;
  #cookie = '';

  constructor(host: string, caFile: string) {
    this.#host = host;
    this.#caFile = caFile;
  }

  async logIn(link: string): Promise<void> {
    const token = new URL(link).hash.replace('#login=', '');
    const { cookie, text } = await this.call('POST', 'login/link', JSON.stringify({ token }));
    if (!/; Secure/i.test(cookie)) throw new Error(`no cookie for TLS alone: ${cookie} ${text}`);
    this.#cookie = cookie.split(';')[0] ?? '';
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse((await this.call('GET', path)).text) as T;
  }

  post(path: string): Promise<Answer> {
    return this.call('POST', path, '{}');
  }

  /** What central pushes, as a page has it. */
  async live(): Promise<Live> {
    const ca = await readFile(this.#caFile, 'utf8');
    const socket = new WebSocket(`wss://${this.#host}:8443/api/v1/live`, {
      ca,
      headers: { cookie: this.#cookie },
    });
    const live: Live = {
      lamps: new Map(),
      states: new Map(),
      [Symbol.asyncDispose]: async () => socket.terminate(),
    };
    const first = Promise.withResolvers<void>();
    socket.on('error', first.reject);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as LiveMessage;
      const lamps =
        message.type === 'hello' ? message.lamps : message.type === 'lamp' ? [message.lamp] : [];
      for (const lamp of lamps) live.lamps.set(lamp.hypervisor, lamp.live);
      const seen =
        message.type === 'hello'
          ? message.entities
          : message.type === 'entities'
            ? message.changed
            : [];
      for (const [entity] of seen)
        if (entity.kind === 'vm') live.states.set(entity.name, entity.state);
      if (message.type === 'hello') first.resolve();
    });
    await first.promise;
    return live;
  }

  async call(method: string, path: string, body?: string): Promise<Answer> {
    const ca = await readFile(this.#caFile, 'utf8');
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const asked = request(
      {
        host: this.#host,
        port: 8443,
        method,
        path: `/api/v1/${path}`,
        ca,
        timeout: 90_000,
        headers: { 'x-skerry': '1', ...(this.#cookie && { cookie: this.#cookie }) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const cookie = String(response.headers['set-cookie'] ?? '');
          resolve({ status: response.statusCode ?? 0, text, cookie });
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`${path}: no answer`)));
    asked.on('error', reject).end(body);
    return promise;
  }
}

/** Asks until the answer is good; at the end the last one is given, whatever it is. */
export async function pollFor<T>(
  ask: () => Promise<T> | T,
  isGood: (found: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (isGood(found) || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
