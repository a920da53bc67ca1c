import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { isIP } from 'node:net';
import { messageOf } from './dial.ts';
import { ConnectError } from './errors.ts';
import type { TlsTransport } from './transports.ts';

/** The daemon sends this byte when it has accepted our certificate. */
const ACCEPTED = 1;

/**
 * Connects with TLS and libvirt's certificates, checks the server's name, and reads the byte with
 * which the daemon accepts ours. Throws {@link ConnectError} or the signal's reason.
 */
export async function dialTls(
  { host, port, pkiPath, isVerified }: TlsTransport,
  address: string,
  signal: AbortSignal,
): Promise<TLSSocket> {
  let socket: TLSSocket | undefined;
  const onAbort = (): void => void socket?.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const files = certificateFiles(pkiPath, process.getuid?.() === 0, existsSync);
    const credentials = await readCertificates(files);
    signal.throwIfAborted();
    socket = connect({
      ...credentials,
      host,
      port,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: isVerified,
      ...(isIP(host) === 0 && { servername: host }),
    });
    socket.setNoDelay(true);
    await awaitAcceptance(socket);
    return socket;
  } catch (cause) {
    socket?.destroy();
    signal.throwIfAborted();
    throw new ConnectError(address, messageOf(cause), { cause });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function awaitAcceptance(socket: TLSSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onReadable = (): void => {
    const byte = socket.read(1) as Buffer | null;
    if (byte === null) return;
    if (byte[0] === ACCEPTED) resolve();
    else reject(new Error('the daemon did not accept our certificate'));
  };
  const refused = 'the daemon closed the connection: it may want another client certificate';
  const onEnd = (): void => reject(new Error(refused));
  socket.on('readable', onReadable).once('error', reject).once('end', onEnd);
  return promise.finally(() => {
    socket.off('readable', onReadable).off('error', reject).off('end', onEnd);
  });
}

interface CertificateFiles {
  readonly ca: string;
  /** A client without a certificate is fine if the daemon thinks so. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Where libvirt's own client looks: `pkipath`, or for an ordinary user ~/.pki/libvirt, or else
 * /etc/pki. A certificate and its key are taken from the same place.
 */
export function certificateFiles(
  pkiPath: string | undefined,
  isRoot: boolean,
  exists: (path: string) => boolean,
): CertificateFiles {
  const own = pkiPath ?? (isRoot ? undefined : join(homedir(), '.pki', 'libvirt'));
  const folder = (place: string): CertificateFiles => ({
    ca: join(place, 'cacert.pem'),
    cert: join(place, 'clientcert.pem'),
    key: join(place, 'clientkey.pem'),
  });
  const system = {
    ca: '/etc/pki/CA/cacert.pem',
    cert: '/etc/pki/libvirt/clientcert.pem',
    key: '/etc/pki/libvirt/private/clientkey.pem',
  };
  const places = pkiPath === undefined ? [system] : [];
  if (own !== undefined) places.unshift(folder(own) as typeof system);
  const ca = places.find((place) => exists(place.ca)) ?? places[0] ?? system;
  const pair = places.find(({ cert, key }) => exists(cert) && exists(key));
  return { ca: ca.ca, cert: pair?.cert, key: pair?.key };
}

async function readCertificates({ ca, cert, key }: CertificateFiles): Promise<{
  ca: Buffer;
  cert?: Buffer;
  key?: Buffer;
}> {
  return {
    ca: await readFile(ca),
    ...(cert !== undefined &&
      key !== undefined && {
        cert: await readFile(cert),
        key: await readFile(key),
      }),
  };
}
