import { expect, test } from 'vitest';
import { parseReport } from './puppet-report.ts';

const status = (name: string, line: number, more: string): string => `  ${name}:
    title: "${name}"
    file: "/tmp/skerry-puppet/manifests-0/default.pp"
    line: ${line}
    resource: ${name}
    evaluation_time: 0.01
    tags: &${name.replace(/\W/g, '')}
    - file
    time: '2026-01-01T00:00:00.000000000+00:00'
${more}`;
const EVENT = (outcome: string, message: string): string => `    events:
    - audited: false
      property: content
      message: ${JSON.stringify(message)}
      name: :content_changed
      status: ${outcome}
`;

const REPORT = `--- !ruby/object:Puppet::Transaction::Report
host: one.demo.test
time: '2026-01-01T00:00:00.000000000+00:00'
report_format: 12
status: failed
logs:
- !ruby/object:Puppet::Util::Log
  level: :err
  message: 'Could not find user x'
  source: "/Stage[main]/Main/User[x]"
  file:
metrics: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
  resources: !ruby/object:Puppet::Util::Metric
    values: [[total, Total, 4]]
resource_statuses:
${status('File[/etc/motd]', 3, `    failed: false\n    changed: true\n    skipped: false\n${EVENT('success', 'content changed')}`)}${status('Exec[no]', 7, `    failed: true\n    changed: true\n    skipped: false\n${EVENT('failure', "'false' returned 1")}`)}${status('User[x]', 9, '    failed: true\n    changed: false\n    skipped: false\n    events: []\n')}${status('File[/late]', 11, '    failed: false\n    changed: false\n    skipped: true\n')}`;

test('a report tells what was changed, what failed and why, and where', () => {
  const file = '/tmp/skerry-puppet/manifests-0/default.pp';
  expect(parseReport(REPORT)).toEqual({
    changed: [{ name: 'File[/etc/motd]', file, line: 3, message: 'content changed' }],
    failed: [
      { name: 'Exec[no]', file, line: 7, message: "'false' returned 1" },
      { name: 'User[x]', file, line: 9, message: 'Could not find user x' },
    ],
    skipped: 1,
    unfinished: undefined,
  });
});

test('the resource that never ended is the first without a time', () => {
  const text = REPORT.replace(/(Exec\[no\]:[^]*?evaluation_time:) 0.01/, '$1');
  expect(parseReport(text)?.unfinished).toMatchObject({ name: 'Exec[no]', line: 7 });
});

test('many aliases are no obstacle, what is no YAML is no report', () => {
  const aliases = Array.from({ length: 300 }, () => '- *t').join('\n');
  const text = `--- !ruby/object:X\ntags: &t [a, b]\nall:\n${aliases}\nresource_statuses: {}\n`;
  expect(parseReport(text)).toMatchObject({ changed: [], failed: [] });
  expect(parseReport('a: b: [')).toBeUndefined();
});
