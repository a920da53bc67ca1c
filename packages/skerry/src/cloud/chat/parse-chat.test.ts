import { expect, test } from 'vitest';
import { VERBS } from '../verbs/table.ts';
import { chatAnswer, chatHelp, parseChat } from './parse-chat.ts';

test.each([
  ['vm', 'start', 'create', {}],
  ['vm', '  Boot!', 'create', {}],
  ['vm', 'start please', 'create', {}],
  ['vm', 'How are you?', 'info', {}],
  ['vm', 'migrate to hv2', 'migrate', { target: 'hv2' }],
  ['vm', 'Migrate hv2.', 'migrate', { target: 'hv2' }],
  ['vm', 'snapshot before the upgrade', 'snapshot_take', { name: 'before the upgrade' }],
  ['vm', 'clone', 'clone', {}],
  ['hypervisor', 'alloc web', 'alloc', { name: 'web' }],
  ['hypervisor', 'stop network default', 'network_destroy', { name: 'default' }],
] as const)('to a %s, "%s" is %s', (kind, text, verb, params) => {
  expect(parseChat(VERBS, kind, text)).toMatchObject({
    kind: 'verb',
    verb: { name: verb },
    params,
  });
});

test.each([
  ['hello there', 'answer'],
  ['HELP', 'help'],
  ['starting', 'unknown'],
  ['', 'unknown'],
  ['yes', 'yes'],
])('"%s" is %s', (text, kind) => {
  expect(parseChat(VERBS, 'vm', text).kind).toBe(kind);
});

test('help says only what one may', () => {
  const help = chatHelp(VERBS, 'vm', (permission) => permission === 'create');
  expect(help).toBe('You can say:\nstart: start the machine');
  expect(chatHelp(VERBS, 'vm', () => true)).toMatch(/^migrate to TARGET: move/m);
  expect(chatHelp(VERBS, 'vm', () => false)).toBe('There is nothing that you may ask of me.');
});

test("an answer has the result's words", () => {
  const verb = VERBS.get('vm', 'clone');
  expect(verb && chatAnswer(verb, { uuid: '1', name: 'twin' })).toContain('twin');
});
