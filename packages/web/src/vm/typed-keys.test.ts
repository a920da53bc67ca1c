import { expect, test } from 'vitest';
import { typedKeys } from './typed-keys.ts';

const short = (text: string): string[] =>
  typedKeys(text).keys.map(
    ({ code, keysym, isShifted }) => `${isShifted ? 'Shift ' : ''}${code} ${keysym.toString(16)}`,
  );

test('letters, signs and lines are presses of a US keyboard', () => {
  expect(short('aZ1!-"\r\n\t')).toEqual([
    'KeyA 61',
    'Shift KeyZ 5a',
    'Digit1 31',
    'Shift Digit1 21',
    'Minus 2d',
    'Shift Quote 22',
    'Enter ff0d',
    'Tab ff09',
  ]);
});

test('every printable sign of ASCII is on a key, and no two on the same', () => {
  const all = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
  expect(typedKeys(all).missing).toBe('');
  expect(new Set(short(all)).size).toBe(95);
});

test('what is on no key is named, each once', () => {
  expect(typedKeys('naïve café é €').missing).toBe('ï é €');
});
