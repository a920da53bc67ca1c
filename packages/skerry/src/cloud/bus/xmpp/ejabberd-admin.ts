// ejabberd's API (mod_http_api), over a unix socket that only we can open.
import { request } from 'node:http';

const CALL_MS = 10_000;

/** What ejabberd answered instead of doing it. */
export class EjabberdError extends Error {
  override readonly name = 'EjabberdError';
  readonly status: number;
  constructor(command: string, status: number, message: string) {
    super(`ejabberd: ${command}: ${message}`);
    this.status = status;
  }
}

/** Makes and removes accounts, and tells who knows whom. */
export class EjabberdAdmin {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws EjabberdError; whatever the connection or the signal fails with. */
  async call(command: string, body: object = {}, signal?: AbortSignal): Promise<unknown> {
    const deadline = AbortSignal.timeout(CALL_MS);
    const { status, text } = await post(
      this.#socketPath,
      `/api/${command}`,
      JSON.stringify(body),
      signal ? AbortSignal.any([signal, deadline]) : deadline,
    );
    const answer: unknown = text === '' ? undefined : JSON.parse(text);
    if (status === 200) return answer;
    const { message } = (answer ?? {}) as { message?: string };
    throw new EjabberdError(command, status, message ?? `HTTP ${status}`);
  }

  /** Makes the account, or gives it this password. */
  async ensureAccount(user: string, host: string, password: string): Promise<void> {
    try {
      await this.call('register', { user, host, password });
    } catch (error) {
      if (!(error instanceof EjabberdError && error.status === 409)) throw error;
      await this.call('change_password', { user, host, newpass: password });
    }
  }

  async removeAccount(user: string, host: string): Promise<void> {
    await this.call('unregister', { user, host });
  }

  async accounts(host: string): Promise<string[]> {
    return (await this.call('registered_users', { host })) as string[];
  }

  /** Each of two bare addresses has the other in its list, and sees whether it is there. */
  async befriend(one: Friend, other: Friend): Promise<void> {
    await this.#listFriend(one, other);
    await this.#listFriend(other, one);
  }

  /** All accounts of a host see each other. */
  async shareRoster(host: string, group: string): Promise<void> {
    const description = 'all accounts';
    await this.call('srg_create', { group, host, label: group, description, display: [group] });
    await this.call('srg_user_add', { user: '@all@', host, group, grouphost: host });
  }

  async #listFriend(owner: Friend, friend: Friend): Promise<void> {
    await this.call('add_rosteritem', {
      localuser: owner.user,
      localhost: owner.host,
      user: friend.user,
      host: friend.host,
      nick: friend.nick,
      group: friend.group,
      subs: 'both',
    });
  }
}

export interface Friend {
  readonly user: string;
  readonly host: string;
  /** What others call it. */
  readonly nick: string;
  /** The group that it is in, in others' lists. */
  readonly group: string;
}

function post(
  socketPath: string,
  path: string,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath,
        path,
        method: 'POST',
        agent: false,
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          host: 'localhost',
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
