import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { resolveLab } from '../lab-file/resolve.ts';
import { AnsibleReader, type AnsibleResult } from './ansible-output.ts';
import { formatInventory } from './inventory.ts';

function read(text: string): AnsibleResult {
  const reader = new AnsibleReader('one');
  for (const line of text.split('\n')) reader.read(line);
  return reader.result;
}

test('changed tasks and their number', () => {
  const text = `
TASK [Gathering Facts] *********
ok: [one]
TASK [web : copy] **************
changed: [one]
RUNNING HANDLER [restart] ******
changed: [one -> two]
PLAY RECAP *********************
one                        : ok=3    changed=2    unreachable=0    failed=0    skipped=0`;
  expect(read(text)).toEqual({
    changed: 2,
    changes: [{ what: 'web : copy' }, { what: 'restart' }],
    failures: [],
  });
});

test('failed tasks with their message, but not those that are ignored', () => {
  const text = `
TASK [try] *********
fatal: [one]: FAILED! => {"changed": false, "msg": "no"}
...ignoring
TASK [run] *********
fatal: [one]: FAILED! => {"changed": true, "msg": "non-zero return code", "stderr": "oops"}`;
  expect(read(text).failures).toEqual([{ what: 'run: non-zero return code: oops' }]);
});

test('a failed task has the place that was told before it, and the next one has not', () => {
  const text = `
TASK [run] *********
task path: /lab/site.yml:4
fatal: [one]: FAILED! => {"msg": "no"}
RUNNING HANDLER [loop] *********
failed: [one] (item=1) => {"msg": "neither"}`;
  expect(read(text).failures).toEqual([
    { what: 'run: no', place: '/lab/site.yml:4' },
    { what: 'loop: neither' },
  ]);
});

test('a mistake in a playbook with its place', () => {
  const text = `ERROR! conflicting action statements: a, b

The error appears to be in '/srv/site.yml': line 4, column 7, but may`;
  expect(read(text).failures).toEqual([
    { what: 'conflicting action statements: a, b', place: '/srv/site.yml:4' },
  ]);
});

test('the inventory has all machines, the groups, and the way in', () => {
  const lab = resolveLab(
    { name: 'demo', machines: { one: null, two: null } },
    { file: '/srv/x.ts' },
  );
  const groups = { agents: ['one'], all_agents: ['agents', 'two'] };
  const { all } = parse(formatInventory(lab, groups, { sshConfig: "/a'b/config" })) as never;
  expect(all).toMatchObject({
    hosts: { one: {}, two: {} },
    vars: { ansible_ssh_common_args: String.raw`-F '/a'\''b/config'` },
    children: {
      agents: { hosts: { one: {} }, children: {} },
      all_agents: { hosts: { two: {} }, children: { agents: {} } },
    },
  });
  const local = parse(formatInventory(lab, {}, { local: 'two' })) as never;
  expect(local).toMatchObject({
    all: { hosts: { one: {}, two: { ansible_connection: 'local' } } },
  });
});
