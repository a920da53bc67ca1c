// Text as presses of a US keyboard: what a guest understands without anything installed in it. Pure.

/** A press: where the key is, the X keysym, and whether Shift is held. */
export interface TypedKey {
  readonly code: string;
  readonly keysym: number;
  readonly isShifted: boolean;
}

const ENTER = 0xff0d;
const TAB = 0xff09;

/** Keys with what they give without and with Shift. */
const SIGNS: Readonly<Record<string, string>> = {
  Backquote: '`~',
  Digit1: '1!',
  Digit2: '2@',
  Digit3: '3#',
  Digit4: '4$',
  Digit5: '5%',
  Digit6: '6^',
  Digit7: '7&',
  Digit8: '8*',
  Digit9: '9(',
  Digit0: '0)',
  Minus: '-_',
  Equal: '=+',
  BracketLeft: '[{',
  BracketRight: ']}',
  Backslash: '\\|',
  Semicolon: ';:',
  Quote: `'"`,
  Comma: ',<',
  Period: '.>',
  Slash: '/?',
};

const KEYS: ReadonlyMap<string, TypedKey> = new Map([
  ...Object.entries(SIGNS).flatMap(([code, signs]) => pair(code, signs)),
  ...Array.from('abcdefghijklmnopqrstuvwxyz').flatMap((letter) =>
    pair(`Key${letter.toUpperCase()}`, `${letter}${letter.toUpperCase()}`),
  ),
  [' ', { code: 'Space', keysym: 0x20, isShifted: false }],
  ['\n', { code: 'Enter', keysym: ENTER, isShifted: false }],
  ['\t', { code: 'Tab', keysym: TAB, isShifted: false }],
]);

function pair(code: string, signs: string): [string, TypedKey][] {
  return Array.from(signs, (sign, at): [string, TypedKey] => [
    sign,
    { code, keysym: sign.charCodeAt(0), isShifted: at === 1 },
  ]);
}

/** The presses for a text, and which signs of it are on no key. */
export function typedKeys(text: string): {
  readonly keys: readonly TypedKey[];
  readonly missing: string;
} {
  const signs = Array.from(text.replaceAll(/\r\n?/g, '\n'));
  const missing = new Set(signs.filter((sign) => !KEYS.has(sign)));
  return { keys: signs.flatMap((sign) => KEYS.get(sign) ?? []), missing: [...missing].join(' ') };
}
