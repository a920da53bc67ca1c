import { expect, test } from 'vitest';
import { parseSubIds, subIdProblem } from './sub-ids.ts';

const ada = { uid: 1000, gid: 1000, name: 'ada', isRoot: false };
const both = (text: string): { subuid: string; subgid: string } => ({ subuid: text, subgid: text });

test('reads lines and skips what is none', () => {
  expect(parseSubIds('# a comment\nada:100000:65536\n\nbroken:x:1\n1001:165536:10 \n')).toEqual([
    { owner: 'ada', first: 100_000, count: 65_536 },
    { owner: '1001', first: 165_536, count: 10 },
  ]);
});

test.each(['ada:100000:65536', '1000:100000:65536', 'bob:1:2\nada:200000:131072\nada:1:1'])(
  'is content with %j',
  (text) => expect(subIdProblem(both(text), ada)).toBeUndefined(),
);

test('root needs no line', () => {
  expect(subIdProblem(both(''), { ...ada, uid: 0, isRoot: true })).toBeUndefined();
});

test('gives ids that nobody else has', () => {
  const files = { subuid: 'bob:100000:65536\n', subgid: 'bob:300000:65536\nada:1:65536\n' };
  expect(subIdProblem(files, ada)).toEqual({
    code: 'SUBUID_MISSING',
    finding: 'user ada has no line in /etc/subuid',
    remedy: ['sudo usermod --add-subuids 365536-431071 --add-subgids 365536-431071 ada'],
  });
});

test('replaces a first line that is too short, since unshare reads no other', () => {
  const problem = subIdProblem(both('ada:100000:100\nada:200000:65536\n'), ada);
  expect(problem?.finding).toMatch(/gives 100 ids, and 65536 are needed$/);
  expect(problem?.remedy[0]).toBe("sudo sed -i '/^ada:/d' /etc/subuid /etc/subgid");
});
