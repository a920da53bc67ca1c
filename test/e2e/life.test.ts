// One lab of three machines, as in examples/archipelago, from its first dry run to its end. The parts build on each
// other and share the lab: booting three machines under emulation takes half a minute.
import { afterAll, beforeAll, describe } from 'vitest';
import { begin } from './life/begin.ts';
import { change } from './life/change.ts';
import { end } from './life/end.ts';
import { exec } from './life/exec.ts';
import { forward } from './life/forward.ts';
import { names } from './life/names.ts';
import { nested } from './life/nested.ts';
import { ssh } from './life/ssh.ts';
import { testLab, type TestLab } from './support/lab.ts';
import { freePort } from './support/port.ts';

const port = await freePort();
const file = {
  name: 'archipelago',
  image: 'debian-12',
  machines: {
    central_server: { primary: true, forwards: { [port]: 7 } },
    agent_1: { nested: true, disks: { data: '64 MiB' } },
    agent_2: { nested: true },
  },
};
let lab: TestLab;
const given = (): TestLab => lab;

beforeAll(async () => {
  lab = await testLab(file);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

describe('beginning', () => begin(given, Object.keys(file.machines)));
describe('names', () => names(given));
describe('nested', () => nested(given));
describe('exec', () => exec(given));
describe('ssh', () => ssh(given));
describe('forwards', () => forward(given, port));
describe('changes', () => change(given, file));
describe('end', () => end(given));
