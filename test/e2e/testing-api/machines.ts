// One machine in a test's hands: commands, ports, pauses, the plug, the clock.
import { once } from 'node:events';
import { SkerryError, type TestLab } from 'skerry/testing';
import { expect, test } from 'vitest';

const code = (name: string): unknown => expect.objectContaining({ code: name });

export function machines(lab: () => TestLab): void {
  test('a machine has its names and address, and is found by either name', () => {
    const two = lab().machine('two_b');
    expect(lab().machine('two-b')).toBe(two);
    expect([two.name, two.hostname]).toEqual(['two_b', 'two-b']);
    expect(two.address).toMatch(/^10\./);
    expect(lab().machines.map(({ name }) => name)).toEqual(['one', 'two_b']);
    expect(() => lab().machine('three')).toThrow(code('MACHINE_UNKNOWN'));
  });

  test('exec gives exit code and output, and passes input, environment and arguments as they are', async () => {
    const one = lab().machine('one');
    expect(await one.exec('hostname; echo sorry >&2; exit 3')).toEqual({
      exitCode: 3,
      stdout: 'one\n',
      stderr: 'sorry\n',
    });
    expect(
      (await one.exec('cat; echo "$WORD"', { input: 'in\n', env: { WORD: 'a  b' } })).stdout,
    ).toBe('in\na  b\n');
    expect((await one.exec(['printf', '%s|', '$HOME', 'a b'])).stdout).toBe('$HOME|a b|');
    expect((await one.exec('kill -TERM $$')).exitCode).toBe(143);
  });

  test('exec says why it gives up: check, its deadline, a signal', async () => {
    const one = lab().machine('one');
    await expect(one.exec('echo no >&2; false', { check: true })).rejects.toThrow(
      /^one: .* ended with exit code 1: no$/,
    );
    await expect(one.exec('sleep 60', { timeoutMs: 500 })).rejects.toThrow(code('COMMAND_TIMEOUT'));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(one.exec('true', { signal })).rejects.toThrow('enough');
    // The one whose time was up was killed.
    expect((await one.exec('pidof sleep')).stdout).toBe('');
  });

  test('waitForPort waits until a port takes connections, and connect gives one', async () => {
    const two = lab().machine('two_b');
    await expect(two.waitForPort(4000, { timeoutMs: 400 })).rejects.toThrow(code('PORT_SILENT'));
    await expect(two.connect(4000)).rejects.toThrow(code('GATEWAY_REFUSED'));
    const waiting = two.waitForPort(4000);
    await two.exec('(sleep 1; exec busybox nc -ll -p 4000 -e cat) >/dev/null 2>&1 </dev/null &');
    await waiting;
    const socket = await two.connect(4000);
    socket.end('echo');
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toBe('echo');
    socket.destroy();
  });

  test('a paused machine does nothing until it is resumed', async () => {
    const two = lab().machine('two_b');
    await two.pause();
    await expect(two.exec('true', { timeoutMs: 1000 })).rejects.toThrow(code('COMMAND_TIMEOUT'));
    await two.resume();
    expect((await two.exec('echo back')).stdout).toBe('back\n');
  });

  test('a clock can be put off and right again', async () => {
    const two = lab().machine('two_b');
    const offset = async (): Promise<number> =>
      Number((await two.exec('date +%s')).stdout) - Date.now() / 1000;
    await two.setClock({ offsetMs: -3_600_000 });
    expect(Math.abs((await offset()) + 3600)).toBeLessThan(60);
    await two.setClock();
    expect(Math.abs(await offset())).toBeLessThan(60);
  });

  test('a machine whose plug was pulled is off, and start boots it with its disk', async () => {
    const two = lab().machine('two_b');
    await two.exec('echo kept >/root/kept; sync', { check: true });
    await two.kill();
    await expect(two.exec('true')).rejects.toThrow(code('MACHINE_OFF'));
    await expect(two.pause()).rejects.toThrow(SkerryError);
    await two.start();
    expect((await two.exec('cat /root/kept')).stdout).toBe('kept\n');
  });
}
