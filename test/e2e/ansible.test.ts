// Ansible on this host, which reaches the machines by the inventory and the ssh configuration that Skerry makes for it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLab, type TestLab } from './support/lab.ts';

const PLAYBOOK = `- hosts: front
  gather_facts: false
  tasks:
    - name: write it
      copy: { content: "{{ word }} {{ inventory_hostname }} of {{ groups['all'] | sort | join(',') }}", dest: /root/played }
    - name: break it
      command: /bin/false
      when: broken | default(false)
- hosts: all:!front
  gather_facts: false
  tasks:
    - name: only at the back
      file: { path: /root/back, state: directory }
`;
const play = { playbook: 'ansible/site.yml', groups: { front: ['one'] } };
const CONFIG = {
  ...{ name: 'ansible', image: 'debian-12', memory: 384 },
  machines: { one: {}, two: {} },
  provision: {
    play: { ansible: { ...play, extraVars: { word: `it's "$HOME"` } } },
  },
};

interface Step {
  readonly machine: string;
  readonly changed: number;
  readonly summary: string;
}

let lab: TestLab;
beforeAll(async () => {
  lab = await testLab(CONFIG);
  await mkdir(join(lab.dir, 'ansible'));
  await writeFile(join(lab.dir, 'ansible/site.yml'), PLAYBOOK);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

const stepsOf = (json: string, key: 'provisioned' | 'steps'): Step[] =>
  (JSON.parse(json) as Record<typeof key, Step[]>)[key].toSorted((a, b) =>
    a.machine.localeCompare(b.machine),
  );
const inGuest = (machine: string, command: string): Promise<string> =>
  lab.ok(['exec', '--on', machine, '--', command]);

test('up runs the playbook in all machines, each by its groups', async () => {
  const said = await lab.ok(['up', '--json'], { timeoutMs: 800_000 });
  expect(stepsOf(said, 'provisioned')).toMatchObject([
    { machine: 'one', changed: 1, summary: '1 task changed' },
    { machine: 'two', changed: 1, summary: '1 task changed' },
  ]);
  expect(await inGuest('one', 'cat /root/played; test ! -e /root/back')).toBe(
    `it's "$HOME" one of one,two`,
  );
  expect(await inGuest('two', 'ls -A /root | grep -E "^(played|back)$"')).toBe('back\n');
});

test('the second time there is nothing to change', async () => {
  expect(stepsOf(await lab.ok(['provision', '--json']), 'steps')).toMatchObject([
    { machine: 'one', changed: 0, summary: 'nothing to change' },
    { machine: 'two', changed: 0, summary: 'nothing to change' },
  ]);
});

test('a task that fails is named with its file and line; nothing of Ansible is left', async () => {
  const broken = { ansible: { ...play, extraVars: { word: 'x', broken: true } } };
  await lab.write({ ...CONFIG, provision: { play: broken } });
  expect(await lab.ok(['status'])).not.toContain('provisioned');
  const { code, stderr } = await lab.skerry(['provision', 'one']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/break it.*\(ansible\/site\.yml:6\)/);
  expect(await lab.ok(['status'])).toContain(
    '! one is not all provisioned: play failed: skerry up one',
  );
  await lab.destroyWhole();
});
