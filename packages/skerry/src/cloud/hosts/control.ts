// How commands talk to the central that runs on this host: HTTP over a socket in its folder, which only its owner enters.
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { SkerryError } from '../../util/errors.ts';
import type { Central } from '../central/central.ts';
import { type StandView, standView } from '../central/stand-view.ts';
import { verbError } from '../bus/messages.ts';
import { toVerbError, VerbError } from '../verb-error.ts';

const ASK_MS = 15_000;
const FORGET = '/forget/';

/** Answers `GET /status`, `POST /promote` and `POST /forget/NAME` until it is disposed of. */
export async function serveControl(dir: string, central: Central): Promise<AsyncDisposable> {
  const path = socketIn(dir);
  await rm(path, { force: true });
  const server = createServer((incoming, response) => void answer(central, incoming, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

async function answer(
  central: Central,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const end = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  try {
    if (method === 'POST' && url === '/promote') {
      if (!central.pair || !central.leadership.peer)
        throw new VerbError('conflict', `${central.name} is the only central`);
      await central.pair.promote();
    } else if (method === 'POST' && url?.startsWith(FORGET))
      await central.forget(decodeURIComponent(url.slice(FORGET.length)));
    else if (method !== 'GET' || url !== '/status')
      return end(404, { error: { code: 'not-found', message: `there is no ${method} ${url}` } });
    end(200, standView(central));
  } catch (error) {
    end(400, { error: toVerbError(error).toData() });
  }
}

/**
 * Asks the central that runs in a folder.
 *
 * @throws SkerryError `CENTRAL_STOPPED` when none does; VerbError with its words.
 */
export async function askControl(
  dir: string,
  what: 'status' | 'promote' | `forget/${string}`,
): Promise<StandView> {
  const { status, text } = await new Promise<{ status: number; text: string }>(
    (resolve, reject) => {
      const call = request(
        {
          socketPath: socketIn(dir),
          path: `/${what}`,
          method: what === 'status' ? 'GET' : 'POST',
          signal: AbortSignal.timeout(ASK_MS),
        },
        (response) => {
          let read = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: read }));
          response.on('error', reject);
        },
      );
      call.on('error', (cause) =>
        reject(new SkerryError('CENTRAL_STOPPED', { data: { dir }, cause })),
      );
      call.end();
    },
  );
  const body: unknown = JSON.parse(text);
  if (status === 200) return body as StandView;
  throw VerbError.fromData(z.object({ error: verbError }).parse(body).error);
}

function socketIn(dir: string): string {
  return join(dir, 'control.sock');
}
