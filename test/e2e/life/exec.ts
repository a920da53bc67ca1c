import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';

interface Result {
  readonly machine: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly via: string;
}

export function exec(lab: () => TestLab): void {
  const results = async (words: readonly string[]): Promise<{ code: number; all: Result[] }> => {
    const { code, stdout } = await lab().skerry(['exec', '--json', ...words]);
    return { code, all: JSON.parse(stdout) as Result[] };
  };

  test('exec runs on all machines and ends with the exit code of the worst', async () => {
    const script = 'case $(hostname) in central-server) exit 3;; agent-1) exit 5;; esac';
    const { code, all } = await results(['--', script]);
    expect(all.map(({ machine, exitCode }) => [machine, exitCode])).toEqual([
      ['central_server', 3],
      ['agent_1', 5],
      ['agent_2', 0],
    ]);
    expect(code).toBe(5);
  });

  test('it keeps stdout and stderr apart, each whole and in order', async () => {
    const script = 'for i in $(seq 2000); do echo out $i; echo err $i >&2; done';
    const { all } = await results(['--on', 'agent_1,agent_2', '--', script]);
    const lines = (word: string): string =>
      Array.from({ length: 2000 }, (_, at) => `${word} ${at + 1}\n`).join('');
    for (const { stdout, stderr } of all) {
      expect(stdout).toBe(lines('out'));
      expect(stderr).toBe(lines('err'));
    }
  });

  test('output of several machines has their names before it; of one it is passed on as it is', async () => {
    const both = await lab().ok(['exec', '--on', '/agent_.*/', '--', 'printf', 'a\\nb']);
    expect(both.split('\n').sort()).toEqual([
      '',
      ...['1', '2'].flatMap((n) => [`agent_${n} | a`, `agent_${n} | b`]),
    ]);
    expect(await lab().ok(['exec', '--on', 'agent_1', '--', 'printf', 'a\\nb'])).toBe('a\nb');
  });

  test('output comes while the command still runs', async () => {
    const running = lab().start([
      'exec',
      '--on',
      'agent_1',
      '--',
      'echo first; sleep 3; echo second',
    ]);
    await running.heard(/first/);
    expect(running.said.stdout).not.toContain('second');
    expect((await running.ended).stdout).toBe('first\nsecond\n');
  });

  test.each([
    ['TERM', 'SIGTERM', 143],
    ['KILL', 'SIGKILL', 137],
  ])('a command that SIG%s ends is reported so', async (name, signal, exit) => {
    const { code, all } = await results(['--on', 'agent_1', '--', `kill -${name} $$`]);
    expect(all).toMatchObject([{ machine: 'agent_1', signal, via: 'channel' }]);
    expect(all[0]).not.toHaveProperty('exitCode');
    expect(code).toBe(exit);
  });

  test('what is piped in is the stdin of the command on every machine', async () => {
    const said = await lab().ok(['exec', '--', 'cat'], { input: 'hello\n' });
    expect(said.match(/\| hello$/gm)).toHaveLength(3);
    const bytes = Buffer.alloc(300_000, 'skerry\n');
    const one = await lab().ok(['exec', '--on', 'agent_1', '--', 'cat'], { input: bytes });
    expect(one).toBe(bytes.toString());
    const more = Buffer.alloc(5_000_000, 'skerry\n');
    expect(await lab().ok(['exec', '--on', 'agent_1', '--', 'wc', '-c'], { input: more })).toBe(
      '5000000\n',
    );
  });

  test('an answer may come before the end of the input', async () => {
    const words = ['exec', '--on', 'agent_1', '--', 'read x; echo got $x; read x'];
    const running = lab().start(words, { input: 'open' });
    running.child.stdin?.write('one\n');
    await running.heard(/got one/);
    running.child.stdin?.end('two\n');
    expect((await running.ended).code).toBe(0);
  });

  test('without anything piped in, stdin is empty', async () => {
    expect(await lab().ok(['exec', '--on', 'agent_1', '--', 'wc', '-c'])).toBe('0\n');
  });

  test('--env gives the command variables, spaces and quotes included', async () => {
    const words = ['--on', 'agent_1', '-e', "A=it's a b", '-e', 'B=2', '--', 'echo "$A|$B|$HOME"'];
    expect(await lab().ok(['exec', ...words])).toBe("it's a b|2|/root\n");
  });

  test('words reach the command unchanged', async () => {
    const words = ['a b', '$HOME', "it's", '*', ''];
    const said = await lab().ok(['exec', '--on', 'agent_1', '--', 'printf', '[%s]', ...words]);
    expect(said).toBe(words.map((word) => `[${word}]`).join(''));
  });

  test('a machine that is not there is named, with those that are', async () => {
    const { code, stderr } = await lab().skerry(['exec', '--on', 'agent_9', '--', 'true']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/no machine 'agent_9'[\s\S]*agent_1/);
  });

  test('a helper that dies is there again; one that is stopped for good leaves ssh', async () => {
    const on = ['--on', 'agent_2', '--'];
    const { all: lost } = await results([...on, 'systemctl kill -s KILL skerry-guest']);
    expect(lost).toMatchObject([{ error: { code: 'GUEST_LOST' } }]);
    await expect
      .poll(async () => (await results([...on, 'echo again'])).all, { timeout: 10_000 })
      .toMatchObject([{ via: 'channel', stdout: 'again\n' }]);
    await results([...on, 'systemctl stop skerry-guest']);
    expect((await results([...on, 'echo hi; exit 3'])).all).toMatchObject([
      { via: 'ssh', stdout: 'hi\n', exitCode: 3 },
    ]);
    await results([...on, 'systemctl start skerry-guest']);
    expect((await results([...on, 'true'])).all).toMatchObject([{ via: 'channel', exitCode: 0 }]);
  });

  test('Ctrl-C ends the command in the machine, its children too', async () => {
    const running = lab().start(['exec', '--on', 'agent_1', '--', 'sleep 98765 & echo go; wait']);
    await running.heard(/go/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    const { all } = await results(['--on', 'agent_1', '--', 'pgrep', '-f', 'sleep 9876[5]']);
    expect(all).toMatchObject([{ exitCode: 1, stdout: '' }]);
  });

  test('exec leaves no file of its own in the machine', async () => {
    const found = ['exec', '--on', 'agent_1', '--', 'find /run /tmp -maxdepth 1 -name "*skerry*"'];
    expect(await lab().ok(found)).toBe('');
  });
}
