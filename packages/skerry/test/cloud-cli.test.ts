// `skerry vm` and `skerry hypervisor` as one types them, against a cloud.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCloud, type TestCloud } from './support/cloud.ts';
import { runIn, type Said } from './support/run-skerry.ts';

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await startTestCloud(['hv1']);
});
afterAll(() => cloud[Symbol.asyncDispose]());

function skerry(...words: string[]): Promise<Said> {
  const env = {
    SKERRY_CLOUD: cloud.server.url,
    SKERRY_CLOUD_TOKEN: cloud.central.users.issue('ann', 'token'),
  };
  return runIn(cloud.dir, words, { env, timeoutMs: 60_000 });
}

test('machines are listed, for people and for programs', async () => {
  const { stdout } = await skerry('vm', 'list');
  expect(stdout).toMatch(/^NAME +STATE +HYPERVISOR .*\ntest +running +hv1 /);
  const json = await skerry('vm', 'list', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject([{ name: 'test', hypervisor: 'hv1' }]);
});

test('a definition comes from a file, since arguments are seen by others', async () => {
  const { stdout } = await skerry('vm', 'xml', 'test', '--inactive');
  const changed = stdout
    .replace(/<vcpu.*<\/vcpu>/, '<vcpu>1</vcpu>')
    .replace(/<title>.*<\/title>/, '');
  const file = join(cloud.dir, 'test.xml');
  await writeFile(file, changed.replace('</name>', '</name><title>from a file</title>'));
  expect(await skerry('vm', 'define', 'test', '--xml', file)).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect((await skerry('vm', 'xml', 'test', '--inactive')).stdout).toContain(
    '<title>from a file</title>',
  );
  const missing = await skerry('vm', 'define', 'test', '--xml', 'nope.xml');
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(
    /'nope.xml' cannot be read: ENOENT.*\nhint: .*skerry vm define --help/,
  );
});

test('what is typed wrong leads to the help of that very command', async () => {
  const { code, stderr } = await skerry('hypervisor', 'create-vm', 'hv1', '--memory', '64');
  expect(code).toBe(2);
  expect(stderr).toContain('hint: see skerry hypervisor create-vm --help');
  const few = await skerry('hypervisor', 'create-vm', 'hv1', '--vcpus', '0');
  expect(few.stderr).toContain('vcpus: it must be at least 1');
  const { stdout } = await skerry('hypervisor', 'create-vm', '--help');
  expect(stdout).toMatch(/--memory-mib <value> +MiB$/m);
});

test('each example of the help is a line one could type: no word of it is a placeholder', async () => {
  // The reference is made from the help, and checked against it.
  const reference = join(import.meta.dirname, '../../../docs/reference/commands.md');
  const text = await readFile(reference, 'utf8');
  const examples = text.match(/^\$ skerry (?:vm|hypervisor|cloud) .*/gm) ?? [];
  expect(examples.length).toBeGreaterThan(60);
  expect(examples.filter((line) => /\b[A-Z]{3,}\b/.test(line))).toEqual([]);
});
