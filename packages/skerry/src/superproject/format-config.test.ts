import { expect, test } from 'vitest';
import { parseConfig } from './config-text.ts';
import { formatSetting } from './format-config.ts';

test.each([
  ['url.https://b/a.b/"x\\.insteadof', 'https://a/\n[core] # "\\'],
  ['core.sshcommand', 'ssh -i "a b"'],
])('%s is read back as it was', (key, value) => {
  const { entries, problems } = parseConfig(formatSetting(key, value));
  expect(problems).toEqual([]);
  const read = entries.map(({ section, subsection, key: last, value: is }) => [
    [section, subsection, last].filter((each) => each !== undefined).join('.'),
    is,
  ]);
  expect(read).toEqual([[key, value]]);
});

test('a key alone is true', () => {
  expect(formatSetting('http.sslverify', undefined)).toBe('[http]\n\tsslverify\n');
});
