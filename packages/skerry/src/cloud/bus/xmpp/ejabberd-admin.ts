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

  /** All accounts of a host see each other. */
  async shareRoster(host: string, group: string): Promise<void> {
    await this.createGroup(host, group, group, [group]);
    await this.addToGroup('@all@', host, group);
  }

  /** Makes a group whose members have those of the displayed groups in their lists. */
  async createGroup(
    host: string,
    group: string,
    label: string,
    displayed: readonly string[],
  ): Promise<void> {
    // The API of 23.01 wants a backslash and an n between them.
    const display = displayed.join('\\n');
    await this.call('srg_create', { group, host, label, description: label, display });
  }

  async addToGroup(user: string, host: string, group: string): Promise<void> {
    await this.call('srg_user_add', { user, host, group, grouphost: host });
  }

  async removeFromGroup(user: string, host: string, group: string): Promise<void> {
    await this.call('srg_user_del', { user, host, group, grouphost: host });
  }

  /** Bare addresses. */
  async groupMembers(host: string, group: string): Promise<string[]> {
    return (await this.call('srg_get_members', { group, host })) as string[];
  }
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
