// A hypervisor joins: it asks central over TLS, and knows it by the authority whose fingerprint is in the token.
import { request } from 'node:https';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { verbError } from '../bus/messages.ts';
import { type Membership, membership } from '../bus/membership.ts';
import { XmppBus } from '../bus/xmpp/xmpp-bus.ts';
import { VerbError } from '../verb-error.ts';
import { fingerprintOf, type JoinToken } from './join-token.ts';

/** A place on that bus; it connects by itself. `onLink` is told of each change of that. */
export function busOf(
  { address, ca, bus }: Membership,
  onLink?: (problem: Error | undefined) => void,
): XmppBus {
  const { domain, host, port, password } = bus;
  return new XmppBus({ address, domain, server: { host, port, ca }, password, onLink });
}

const JOIN_MS = 20_000;
const MAX_ANSWER = 1_000_000;

/**
 * Uses a token up and gives what the agent has to keep.
 *
 * @throws VerbError `unreachable`, or `denied` when central is another one or the token is not good.
 */
export async function join(
  { url, secret, authority, hypervisor }: JoinToken,
  signal?: AbortSignal,
): Promise<Membership> {
  const answer = await post(new URL('/api/v1/join', url), { secret }, authority, signal);
  const found = membership.parse(answer);
  if (fingerprintOf(found.ca) !== authority || found.address !== hypervisor)
    throw new VerbError('denied', `central at ${url} is not the one that made this token`);
  return found;
}

function post(url: URL, body: object, authority: string, signal?: AbortSignal): Promise<unknown> {
  const deadline = AbortSignal.timeout(JOIN_MS);
  return new Promise((resolve, reject) => {
    const unreachable = (error: Error): void => {
      signal?.throwIfAborted();
      reject(
        new VerbError(
          'unreachable',
          `central at ${url.origin} cannot be reached: ${error.message}`,
        ),
      );
    };
    const call = request(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-skerry': '1' },
        // Nobody has vouched for this authority but the token; it is looked at before anything is sent.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER) response.destroy(new Error('the answer is too long'));
        });
        response.on('error', unreachable).on('end', () => {
          try {
            const answer: unknown = JSON.parse(text);
            if (response.statusCode === 200) resolve(answer);
            else reject(VerbError.fromData(z.object({ error: verbError }).parse(answer).error));
          } catch (error) {
            unreachable(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    );
    call.on('error', unreachable);
    call.on('socket', (socket) =>
      socket.once('secureConnect', () => {
        const certificate = (socket as TLSSocket).getPeerCertificate(true);
        const wrong = whatIsWrong(certificate, url.hostname, authority);
        if (wrong === undefined) call.end(JSON.stringify(body));
        else call.destroy(new Error(wrong));
      }),
    );
  });
}

/** Why a server is not the one that is meant; undefined when it is. */
function whatIsWrong(
  certificate: PeerCertificate & { issuerCertificate?: PeerCertificate },
  host: string,
  authority: string,
): string | undefined {
  const issuer = certificate.issuerCertificate;
  if (!issuer || fingerprintOf(issuer.raw.toString('base64')) !== authority)
    return 'its certificate is of another authority than the token says';
  return checkServerIdentity(host, certificate)?.message;
}
