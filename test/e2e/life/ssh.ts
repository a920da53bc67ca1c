import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish, SKERRY, start } from '../support/cli.ts';
import type { TestLab } from '../support/lab.ts';

export function ssh(lab: () => TestLab): void {
  const config = async (): Promise<string> => {
    const file = join(lab().dir, 'lab.ssh');
    await writeFile(file, await lab().ok(['ssh-config']));
    return file;
  };

  test('ssh without a name goes to the primary machine', async () => {
    expect(await lab().ok(['ssh', '--', 'hostname'])).toBe('central-server\n');
  });

  test('ssh gives the exit code of the command', async () => {
    expect((await lab().skerry(['ssh', 'agent_1', '--', 'exit 7'])).code).toBe(7);
    expect((await lab().skerry(['ssh', 'agent-2', '--', 'true'])).code).toBe(0);
  });

  test('plain OpenSSH and scp work with the printed configuration, by every name', async () => {
    const file = await config();
    for (const name of ['agent_1', 'agent-1', 'agent-1.archipelago.test'])
      expect(await finish(['ssh', '-F', file, name, 'hostname'])).toEqual({
        code: 0,
        stdout: 'agent-1\n',
        stderr: '',
      });
    const [there, back] = [join(lab().dir, 'there'), join(lab().dir, 'back')];
    const bytes = randomBytes(2 ** 20);
    await writeFile(there, bytes);
    expect((await finish(['scp', '-q', '-F', file, there, 'agent_1:/tmp/it'])).code).toBe(0);
    expect((await finish(['scp', '-q', '-F', file, 'agent_1:/tmp/it', back])).code).toBe(0);
    expect((await readFile(back)).equals(bytes)).toBe(true);
  });

  test('a wrong host key is refused', async () => {
    const file = await config();
    const text = await readFile(file, 'utf8');
    const { machines } = await lab().status();
    const [one, other] = ['agent_1', 'agent_2'].map(
      (name) => machines.find((machine) => machine.name === name)?.address ?? '',
    );
    await writeFile(file, text.replace(`HostName ${one}`, `HostName ${other}`));
    const { code, stderr } = await finish(['ssh', '-F', file, 'agent_1', 'true']);
    expect(code).toBe(255);
    expect(stderr).toMatch(/host key/i);
  });

  test('the console gives a root shell on a terminal, and Ctrl-] leaves it', async () => {
    const words = [process.execPath, SKERRY, 'console', 'agent_1'].join(' ');
    const console = start(['script', '-qec', words, '/dev/null'], {
      cwd: lab().dir,
      env: lab().env,
      input: 'open',
      timeoutMs: 120_000,
    });
    await console.heard(/Leave it with Ctrl-\]/);
    console.child.stdin?.write('\r');
    await console.heard(/root@agent-1:.*# /);
    console.child.stdin?.write('echo $((6*7))\r');
    await console.heard(/^42\r?$/m);
    console.child.stdin?.write('exit\r\x1d');
    expect((await console.ended).code).toBe(0);
    console.child.stdin?.end();
  });

  test('logs show what machines wrote on their consoles, and what the lab itself wrote', async () => {
    const said = await lab().ok(['logs', 'agent_1', '-n', '500']);
    expect(said).toMatch(/42/);
    expect(said).not.toContain('\x1b');
    // A thawed machine has said nothing yet: its boot was the template's.
    await lab().ok(['exec', '--', 'echo on the console >/dev/ttyS0']);
    const all = JSON.parse(await lab().ok(['logs', '--json', '-n', '3'])) as {
      name: string;
      lines: string[];
    }[];
    expect(all.map(({ name }) => name)).toEqual(['central_server', 'agent_1', 'agent_2']);
    for (const { lines } of all) expect(lines.length).toBeGreaterThan(0);
    const own = JSON.parse(await lab().ok(['logs', '--system', '--json'])) as { name: string }[];
    expect(own.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['sandbox', 'libvirtd', 'agent_1']),
    );
  });
}
