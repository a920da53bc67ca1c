import { expect, test } from 'vitest';
import { linkLog } from './link-log.ts';

test('each change is said once, however often it is tried', () => {
  const lines: string[] = [];
  const bus = { domain: 'bus.skerry', host: 'central.example', port: 5222, password: 'secret' };
  const member = { address: 'hv1', url: 'https://central.example', ca: '', bus };
  const tell = linkLog(member, (line) => lines.push(line));
  const refused = Object.assign(new Error('not authorized'), { name: 'LoginRefused' });
  const away = new Error('connect ECONNREFUSED');
  for (const problem of [away, away, undefined, undefined, refused, refused, undefined])
    tell(problem);
  expect(lines).toEqual([
    'central central.example is not reached: connect ECONNREFUSED; it is tried again, and the machines go on',
    'central central.example is reached',
    'central central.example does not take hv1: it was forgotten there; to join again, say there: skerry central token hv1',
    'central central.example is reached',
  ]);
});
