import { expect, test } from 'vitest';
import { systemFirst } from './build.ts';

test("the system's programs come before others, and those for administrators are there", () => {
  expect(systemFirst('/home/ann/.pyenv/shims:/usr/local/bin:/usr/bin:/bin')).toBe(
    '/usr/bin:/bin:/home/ann/.pyenv/shims:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin',
  );
});

test('no program comes from a folder that is not named', () => {
  expect(systemFirst('/opt/tools')).toBe('/opt/tools:/usr/local/sbin:/usr/sbin:/sbin');
});
