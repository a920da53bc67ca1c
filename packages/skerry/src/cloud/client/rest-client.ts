// A program's way to central: its address and a token, from the environment or from the file that a login has left.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { verbError } from '../bus/messages.ts';
import { VerbError } from '../verb-error.ts';

const saved = z.object({ url: z.url(), token: z.string().min(1) });
/** Where central is, and the token that says who asks. */
export type CentralAccess = z.infer<typeof saved>;

const REQUEST_MS = 3_600_000;
const NO_LOGIN =
  'the token is wrong, or too old: an administrator makes one with skerry cloud token create';

/** Keeps an access in a file that only its owner may read. */
export async function saveAccess(path: string, access: CentralAccess): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, JSON.stringify(access), { mode: 0o600 });
}

/** What {@link saveAccess} kept; undefined when there is none. */
export async function loadAccess(path: string): Promise<CentralAccess | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = saved.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

export class RestClient {
  readonly #access: CentralAccess;

  constructor(access: CentralAccess) {
    this.#access = access;
  }

  get url(): string {
    return this.#access.url;
  }

  /**
   * One request of the REST API.
   * @throws VerbError with central's own words, or `unreachable`.
   */
  async call(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const { url, token } = this.#access;
    const deadline = AbortSignal.timeout(REQUEST_MS);
    let response: Response;
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? causeOf(error) : String(error);
      throw new VerbError('unreachable', `central at ${url} cannot be reached: ${reason}`);
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return answer;
    const failure = z.object({ error: verbError }).safeParse(answer);
    if (failure.success) {
      const { error } = failure.data;
      const hint = response.status === 401 ? { hint: NO_LOGIN } : {};
      throw VerbError.fromData({ ...error, ...hint });
    }
    throw new VerbError('failed', `central at ${url} answered ${response.status}`);
  }
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
