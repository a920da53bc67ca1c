import { mkdtemp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { runOrThrow } from '../src/util/run.ts';

test('central and an agent on real hosts: a token, TLS between all parts, kill -9', async () => {
  // Short: unix sockets lie in it.
  const dir = await mkdtemp('/tmp/skh-');
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const story = fileURLToPath(new URL('support/hosts-story.ts', import.meta.url));
  // A pid namespace as well: its end ends all that was started in it.
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const stdout = await runOrThrow(
    'unshare',
    [...user, ...namespaces, process.execPath, '--conditions=@skerry/source', story, dir],
    { timeoutMs: 110_000 },
  );
  expect(JSON.parse(stdout)).toEqual({
    again: 'error: DIR/central has a central already',
    mode: '700',
    joined: 'hv1 has joined https://10.77.0.1:8443',
    twice: 'error: this token was used, or is older than an hour',
    'other authority': expect.stringContaining(
      'its certificate is of another authority than the token says',
    ),
    'no token': expect.stringContaining('this is no whole token'),
    'agent mode': '600',
    vms: ['test'],
    'after kill -9': 200,
    unit: true,
  });
});
