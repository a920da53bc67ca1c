import { expect, test } from 'vitest';
import { resolveLab } from './resolve.ts';
import { daemonNames } from './select-daemons.ts';

const lab = (daemons: Record<string, { command: string }>) =>
  resolveLab({ name: 'demo', machines: { one: {} }, daemons }, { file: '/srv/skerry.config.ts' });
const spec = lab({ db: { command: 'a' }, api_1: { command: 'b' }, api_2: { command: 'c' } });

test.each([
  [[], ['db', 'api_1', 'api_2']],
  [
    ['api_2', 'db'],
    ['db', 'api_2'],
  ],
  [['/api_.+/'], ['api_1', 'api_2']],
])('%j are %j', (args, names) => {
  expect(daemonNames(spec, args)).toEqual(names);
});

test.each([
  ['api-1', 'DAEMON_UNKNOWN', "did you mean 'api_1'? its daemons are: db, api_1, api_2"],
  ['/x/', 'DAEMON_UNKNOWN', 'its daemons are: db, api_1, api_2'],
  ['/(/', 'MACHINE_PATTERN', 'write it as /agent_.*/ (in quotes, for the shell)'],
])('%s is refused', (arg, code, hint) => {
  expect(() => daemonNames(spec, [arg])).toThrow(expect.objectContaining({ code, hint }));
});

test('a lab without daemons says how to have one', () => {
  expect(() => daemonNames(lab({}), [])).toThrow(expect.objectContaining({ code: 'DAEMONS_NONE' }));
});
