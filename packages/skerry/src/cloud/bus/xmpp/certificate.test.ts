import { X509Certificate } from 'node:crypto';
import { createServer, connect, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { issueCertificate, makeAuthority } from './certificate.ts';

test('a certificate is its authority’s, for its names and no others', () => {
  const authority = makeAuthority('Skerry bus');
  const { certificate } = issueCertificate(authority, ['cloud.test', 'bus.cloud.test', '10.1.2.3']);
  const server = new X509Certificate(certificate);
  const ca = new X509Certificate(authority.certificate);
  expect(ca.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.checkIssued(ca)).toBe(true);
  expect(server.verify(ca.publicKey)).toBe(true);
  expect(server.checkHost('bus.cloud.test')).toBe('bus.cloud.test');
  expect(server.checkHost('evil.test')).toBeUndefined();
  expect(server.checkIP('10.1.2.3')).toBe('10.1.2.3');
  expect(server.subjectAltName).toBe('DNS:cloud.test, DNS:bus.cloud.test, IP Address:10.1.2.3');
  const days = (server.validToDate.getTime() - server.validFromDate.getTime()) / 86_400_000;
  expect(days).toBe(398);
});

test('TLS takes it with its authority and with no other', async () => {
  const authority = makeAuthority('one');
  const { certificate, key } = issueCertificate(authority, ['cloud.test']);
  const server = createServer({ cert: certificate, key }, (socket: TLSSocket) => {
    socket.on('error', () => {});
    socket.end('x');
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const dial = (ca: string): Promise<string> =>
    new Promise((resolve, reject) => {
      connect({ host: '127.0.0.1', port, ca, servername: 'cloud.test' })
        .on('data', (data) => resolve(data.toString()))
        .on('error', reject);
    });
  await expect(dial(authority.certificate)).resolves.toBe('x');
  await expect(dial(makeAuthority('one').certificate)).rejects.toThrow();
  server.close();
});
