import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { ProgressEvent } from '../lab/progress.ts';
import { clip, progressView } from './progress-view.ts';

test.each([
  ['short', 10, 'short'],
  ['0123456789', 5, '0123'],
  ['\x1b[31m0123456789\x1b[0m', 5, '\x1b[31m0123\x1b[0m'],
  ['✓ é 🐧 x', 6, '✓ é 🐧'],
  ['anything', 1, ''],
])('%j cut to %d columns is %j', (text, width, cut) => {
  expect(clip(text, width)).toBe(cut);
});

test('it never leaves more than fits, and never a colour cut in two', () => {
  const part = fc.oneof(fc.constant('\x1b[1;31m'), fc.constant('\x1b[0m'), fc.string());
  fc.assert(
    fc.property(fc.array(part), fc.integer({ min: 1, max: 80 }), (parts, width) => {
      const cut = clip(parts.join(''), width);
      expect(Array.from(stripVTControlCharacters(cut)).length).toBeLessThan(width);
    }),
  );
});

const EVENTS: readonly ProgressEvent[] = [
  { phase: 'sandbox', status: 'begin', atMs: 0 },
  { phase: 'sandbox', status: 'end', atMs: 10 },
  { phase: 'template', status: 'say', atMs: 20, detail: 'the template is damaged' },
  { machine: 'one', phase: 'boot', status: 'begin', atMs: 30 },
  { machine: 'one', phase: 'boot', status: 'note', atMs: 40, detail: 'Booting Linux' },
  { machine: 'one', phase: 'boot', status: 'end', atMs: 50 },
];

test.each([
  ['on a terminal', true, 'lab: the template is damaged\n'],
  ['in a log', false, '[   0.0 s] lab: the template is damaged\n'],
])('%s, why something went another way stays readable to the end', (_, isTTY, line) => {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const { CI } = process.env;
  delete process.env.CI;
  const view = progressView(stream as unknown as NodeJS.WriteStream);
  if (CI !== undefined) process.env.CI = CI;
  for (const event of EVENTS) view.onProgress(event);
  view.end();
  expect(screenOf(String(stream.read()))).toContain(line);
});

test('a log that was silent for long says what is under way, and no more of what is over', () => {
  vi.useFakeTimers();
  try {
    const stream = new PassThrough();
    const view = progressView(stream as unknown as NodeJS.WriteStream);
    const heard = (): string => String(stream.read() ?? '');
    view.onProgress({ phase: 'template', status: 'begin', atMs: 0 });
    view.onProgress({ machine: 'one', phase: 'thaw', status: 'begin', atMs: 0 });
    vi.advanceTimersByTime(19_000);
    expect(heard()).toBe('');
    view.onProgress({ machine: 'one', phase: 'thaw', status: 'end', atMs: 19_000 });
    expect(heard()).toBe('[  19.0 s] one: thawing: done in 19.0 s\n');
    vi.advanceTimersByTime(22_000);
    expect(heard()).toBe('[  40.0 s] lab: booting a template, 40 s so far\n');
    vi.advanceTimersByTime(25_000);
    expect(heard()).toBe('[  60.0 s] lab: booting a template, 1 min 0 s so far\n');
    view.end();
    vi.advanceTimersByTime(60_000);
    expect(heard()).toBe('');
  } finally {
    vi.useRealTimers();
  }
});

const two = (event: Omit<ProgressEvent, 'machine' | 'atMs'>): ProgressEvent => ({
  ...{ machine: 'two', atMs: 0 },
  ...event,
});

test('a machine that waits is not ready, and what is provisioned is named', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const { CI } = process.env;
  delete process.env.CI;
  const view = progressView(stream as unknown as NodeJS.WriteStream);
  if (CI !== undefined) process.env.CI = CI;
  const shown = (): string => {
    view.onProgress({ phase: 'sandbox', status: 'say', atMs: 10, detail: 'look' });
    return stripVTControlCharacters(screenOf(String(stream.read())).split('\n').at(-2) ?? '');
  };
  view.onProgress(two({ phase: 'identity', status: 'begin' }));
  view.onProgress(two({ phase: 'identity', status: 'end' }));
  view.onProgress(two({ phase: 'wait', status: 'begin', subject: 'one, three' }));
  expect(shown()).toMatch(/two +waiting for one, three/);
  view.onProgress(two({ phase: 'wait', status: 'end', subject: 'one, three' }));
  view.onProgress(two({ phase: 'provision', status: 'note', detail: 'base: begins' }));
  view.onProgress(two({ phase: 'provision', status: 'begin', subject: 'base' }));
  view.onProgress(two({ phase: 'provision', status: 'note', detail: 'base: apt-get update' }));
  expect(shown()).toMatch(/two +provisioning base \d+ s +apt-get update$/);
  view.onProgress(two({ phase: 'provision', status: 'end', subject: 'base' }));
  expect(shown()).toMatch(/✓ two +provisioned$/);
  view.end();
});

/** What is left on a terminal: cursor up, then all below is erased. */
function screenOf(written: string): string {
  const lines = [''];
  for (const [part, up] of written.matchAll(
    /\x1b\[(\d+)A|\r|\x1b\[J|\n|\x1b\[\d*m|[^\x1b\r\n]+/g,
  )) {
    if (up !== undefined) lines.length -= Number(up);
    else if (part === '\x1b[J') lines[lines.length - 1] = '';
    else if (part === '\n') lines.push('');
    else if (!/^[\x1b\r]/.test(part)) lines[lines.length - 1] += part;
  }
  return lines.join('\n');
}

test('a log says why up goes on when all is provisioned', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: false });
  const view = progressView(stream as unknown as NodeJS.WriteStream);
  view.onProgress({ phase: 'keep', status: 'begin', atMs: 100 });
  view.onProgress({ phase: 'keep', status: 'note', atMs: 100, detail: 'for the next up' });
  view.end();
  expect(String(stream.read())).toBe(
    '[   0.1 s] lab: keeping the provisioned lab for later\n[   0.1 s] lab: for the next up\n',
  );
});
