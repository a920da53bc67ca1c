import { expect, test } from 'vitest';
import { resolveLab } from './resolve.ts';
import { machineNames } from './select.ts';

const spec = resolveLab(
  {
    name: 'demo',
    machines: { central_server: {}, agent_1: {}, agent_2: {}, other: { hostname: 'web' } },
  },
  { file: '/srv/skerry.config.ts' },
);

test.each([
  [[], []],
  [
    ['agent_2', 'central_server'],
    ['central_server', 'agent_2'],
  ],
  [['agent-1'], ['agent_1']],
  [['web'], ['other']],
  [
    ['/agent_.+/', 'agent_1'],
    ['agent_1', 'agent_2'],
  ],
  [['/^AGENT/i'], ['agent_1', 'agent_2']],
])('%j are %j', (args, names) => {
  expect(machineNames(spec, args)).toEqual(names);
});

test.each([
  [
    'agnet_1',
    'MACHINE_UNKNOWN',
    "did you mean 'agent_1'? Its machines are: central_server, agent_1, agent_2, other",
  ],
  ['x', 'MACHINE_UNKNOWN', 'its machines are: central_server, agent_1, agent_2, other'],
  [
    '/worker/',
    'MACHINE_PATTERN_EMPTY',
    'its machines are: central_server, agent_1, agent_2, other',
  ],
  ['/(/', 'MACHINE_PATTERN', 'write it as /agent_.*/ (in quotes, for the shell)'],
])('%s is refused', (arg, code, hint) => {
  expect(() => machineNames(spec, [arg])).toThrow(expect.objectContaining({ code, hint }));
});
