// Adding a verb adds it everywhere: one more row, and each of these has it.
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineVerbs } from '../../cli/cloud-verbs.ts';
import { openApi } from '../central/http/openapi.ts';
import { chatHelp, parseChat } from '../chat/parse-chat.ts';
import { VERBS, VerbTable } from './table.ts';
import { defineVerb } from './verb.ts';

const sing = defineVerb({
  name: 'sing',
  entity: 'vm',
  title: 'Sing',
  summary: 'sing a song',
  params: z.object({ song: z.string().max(20), loudness: z.int().default(3) }),
  result: z.object({ lines: z.int() }),
  permission: 'sing',
  danger: 'reads',
  chat: { words: ['sing'], takes: ['song'], says: 'I have sung {lines} lines.' },
});
const table = new VerbTable([...VERBS.all, sing]);

test('the API describes it', () => {
  const { paths } = openApi(table, '1') as { paths: Record<string, unknown> };
  expect(paths['/api/v1/vms/{vm}/sing']).toMatchObject({
    post: {
      operationId: 'vm_sing',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { properties: { song: { maxLength: 20 } } } } },
      },
    },
  });
});

test('the chat understands it, and helps with it', () => {
  expect(parseChat(table, 'vm', 'sing Greensleeves')).toMatchObject({
    verb: sing,
    params: { song: 'Greensleeves' },
  });
  expect(chatHelp(table, 'vm', (permission) => permission === 'sing')).toContain(
    'sing SONG: sing a song',
  );
});

test('the CLI has it, with its parameters as options', async () => {
  const command = new Command('vm');
  await defineVerbs(command, 'vm', table);
  const found = command.commands.find((each) => each.name() === 'sing');
  expect(found?.options.map(({ long }) => long)).toEqual(['--song', '--loudness', '--json']);
  expect(found?.options[0]?.mandatory).toBe(true);
});

test.each([
  ['name', { ...sing, name: 'create' }],
  ['command', { ...sing, command: 'start' }],
  ['words', { ...sing, chat: { ...sing.chat, words: ['start'], says: '' } }],
])('two verbs with the same %s are no table', (_, twin) => {
  expect(() => new VerbTable([...VERBS.all, twin])).toThrow('two verbs are called');
});

test('every verb says what it needs and does', () => {
  for (const verb of VERBS.all) {
    expect(verb.summary, verb.name).toMatch(/^[a-z].*[^.]$/s);
    expect(verb.permission, verb.name).toMatch(/^[a-z_]+$/);
    for (const take of verb.chat?.takes ?? [])
      expect(Object.keys(verb.params.shape)).toContain(take);
  }
});
