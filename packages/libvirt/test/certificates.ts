// A certificate authority for one test, as libvirt's client and daemon want it.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Makes a CA, a server's certificate for localhost and 127.0.0.1 in FOLDER/server, a client's in
 * FOLDER/client, and FOLDER/stranger, whose CA is another one.
 */
export async function makeCertificates(folder: string): Promise<void> {
  const own = await makeAuthority(join(folder, 'ca'));
  const other = await makeAuthority(join(folder, 'other'));
  await sign(own, join(folder, 'server'), 'server', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  await sign(own, join(folder, 'client'), 'client', 'subjectAltName=DNS:client');
  await sign(other, join(folder, 'stranger'), 'client', 'subjectAltName=DNS:client');
}

async function makeAuthority(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await openssl(folder, [
    ...['req', '-x509', '-days', '2', '-subj', '/CN=skerry test'],
    ...newKey('key.pem'),
    ...['-out', 'cert.pem', '-addext', 'basicConstraints=critical,CA:TRUE'],
    ...['-addext', 'keyUsage=critical,keyCertSign'],
  ]);
  return folder;
}

/** Writes cacert.pem, clientcert.pem and clientkey.pem, or the server's. */
async function sign(
  authority: string,
  folder: string,
  kind: 'server' | 'client',
  name: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(join(authority, 'cert.pem'), join(folder, 'cacert.pem'));
  const extensions = [
    name,
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature,keyEncipherment',
    `extendedKeyUsage=${kind}Auth`,
  ];
  await writeFile(join(folder, 'extensions'), `${extensions.join('\n')}\n`);
  const subject = ['-subj', `/CN=${kind}`];
  await openssl(folder, ['req', ...newKey(`${kind}key.pem`), ...subject, '-out', 'request']);
  await openssl(folder, [
    ...['x509', '-req', '-days', '2', '-in', 'request', '-out', `${kind}cert.pem`],
    ...['-CA', join(authority, 'cert.pem'), '-CAkey', join(authority, 'key.pem')],
    ...['-CAcreateserial', '-extfile', 'extensions'],
  ]);
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  await run('openssl', args, { cwd });
}
