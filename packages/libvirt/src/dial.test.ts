import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { connect } from './connect.ts';
import { sshArguments } from './dial-ssh.ts';
import { certificateFiles } from './dial-tls.ts';
import type { SshTransport } from './transports.ts';
import { parseUri } from './uri.ts';

function sshOf(uri: string, isReadOnly = false): string[] {
  const { transport } = parseUri(uri, { uid: 0, env: {} });
  return sshArguments(transport as SshTransport, isReadOnly);
}

describe('ssh (rule 16)', () => {
  test('gets every word of the URI as an option of its own, and `--` before the host', () => {
    const uri = 'qemu+ssh://me@host:22/system?keyfile=/k&no_verify=1&no_tty=1&proxy=native';
    expect(sshOf(uri)).toEqual([
      ...['-p', '22', '-l', 'me', '-i', '/k', '-T', '-e', 'none', '-o', 'BatchMode=yes'],
      ...['-o', 'StrictHostKeyChecking=no', '--', 'host'],
      `sh -c 'exec virt-ssh-helper qemu:///system'`,
    ]);
    expect(sshOf('qemu+ssh://h/system').slice(0, -1)).toEqual(['-T', '-e', 'none', '--', 'h']);
  });

  test('asks the helper for a reading connection', () => {
    expect(sshOf('qemu+ssh://h/system?proxy=native', true).at(-1)).toContain('virt-ssh-helper -r ');
  });

  test('has no quote inside the quotes of its script, whatever the mode', () => {
    for (const query of ['', '?proxy=netcat', '?proxy=native', '?socket=/a/b', '?netcat=ncat']) {
      expect(sshOf(`qemu+ssh://h/system${query}`).at(-1)).toMatch(/^sh -c '[^'"\\]*'$/);
    }
  });

  test('says what ssh said when it ends', async () => {
    const opening = connect('qemu+ssh://host/system?command=/bin/false');
    await expect(opening).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('ssh://host: ssh ended with status 1'),
    });
    const missing = connect('qemu+ssh://host/system?command=/nowhere/ssh');
    await expect(missing).rejects.toThrow('/nowhere/ssh cannot be run');
  });
});

test('an ssh that says nothing is ended when time is up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-ssh-'));
  const [program, pidFile] = [join(folder, 'ssh'), join(folder, 'pid')];
  await writeFile(program, `#!/bin/sh\necho $$ > ${pidFile}\nexec sleep 60\n`, { mode: 0o755 });
  const opening = connect(`qemu+ssh://host/system?command=${program}`, { timeoutMs: 3000 });
  await expect(opening).rejects.toThrow('no answer within 3000 ms');
  const pid = Number(await readFile(pidFile, 'utf8'));
  const isGone = (): void => expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await vi.waitFor(isGone, { timeout: 10_000 });
  await rm(folder, { recursive: true });
});

describe('certificates (rule 15)', () => {
  const home = `${homedir()}/.pki/libvirt`;
  const system = {
    ca: '/etc/pki/CA/cacert.pem',
    cert: '/etc/pki/libvirt/clientcert.pem',
    key: '/etc/pki/libvirt/private/clientkey.pem',
  };
  const all = (): boolean => true;
  const none = (): boolean => false;

  test('of root are the system’s, of others their own', () => {
    expect(certificateFiles(undefined, true, all)).toEqual(system);
    expect(certificateFiles(undefined, false, all)).toEqual({
      ca: `${home}/cacert.pem`,
      cert: `${home}/clientcert.pem`,
      key: `${home}/clientkey.pem`,
    });
  });

  test('fall back to the system’s, certificate and key together', () => {
    const exists = (path: string): boolean =>
      path.startsWith('/etc') || path === `${home}/clientcert.pem`;
    expect(certificateFiles(undefined, false, exists)).toEqual(system);
  });

  test('come from pkipath alone when it is given; a client may have none', () => {
    const exists = (path: string): boolean => path.startsWith('/etc');
    expect(certificateFiles('/p', true, exists)).toEqual({ ca: '/p/cacert.pem' });
    expect(certificateFiles(undefined, true, none)).toMatchObject({ ca: system.ca });
  });
});

test('a TLS connection without a CA says which file is missing', async () => {
  const opening = connect('qemu+tls://127.0.0.1:1/system?pkipath=/nowhere');
  await expect(opening).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
    message: expect.stringContaining('/nowhere/cacert.pem'),
  });
});

test('a TCP port that nobody listens on is a ConnectError', async () => {
  await expect(connect('qemu+tcp://127.0.0.1:1/system')).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
    address: 'tcp://127.0.0.1:1',
  });
});

test.runIf(process.getuid?.() === 0)(
  'root is not given a session daemon (rule 13; only run by root)',
  async () => {
    const uri = 'qemu:///session?socket=/nowhere/sock';
    await expect(connect(uri, { autostart: true })).rejects.toThrow(/root has no session daemon/);
  },
);
