// Text for a guest as key presses: it works in boot menus and log-ins, and needs nothing in the guest.
import type RFB from '@novnc/novnc';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { type TypedKey, typedKeys } from './typed-keys.ts';

export interface TypeTextProps {
  readonly screen: () => RFB | undefined;
  readonly onClose: () => void;
}

const SHIFT = 0xffe1;
/** A guest that boots takes keys slowly, and its keyboard holds few. */
const KEY_MS = 25;

export function TypeText({ screen, onClose }: TypeTextProps) {
  const [text, setText] = useState('');
  const [left, setLeft] = useState<number>();
  const typing = useRef<AbortController>(undefined);
  useEffect(() => () => typing.current?.abort(), []);
  const { keys, missing } = typedKeys(text);
  const isTyping = left !== undefined;
  const type = async (): Promise<void> => {
    const rfb = screen();
    if (!rfb || keys.length === 0 || missing || isTyping) return;
    typing.current = new AbortController();
    await typeKeys(rfb, keys, typing.current.signal, setLeft);
    setLeft(undefined);
    if (typing.current.signal.aborted) return;
    setText('');
    onClose();
    rfb.focus();
  };
  const hint = missing
    ? `A US keyboard has no key for ${missing}`
    : isTyping
      ? `${left} of ${keys.length} are left`
      : 'Typed as on a US keyboard; Enter is sent for each line break';
  return (
    <form
      className="type-text"
      onSubmit={(event) => {
        event.preventDefault();
        void type();
      }}
    >
      <textarea
        aria-label="Text to type"
        aria-describedby="type-text-hint"
        aria-invalid={missing ? true : undefined}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        rows={3}
        value={text}
        disabled={isTyping}
        onChange={(event) => setText(event.target.value)}
      />
      <footer>
        <span id="type-text-hint" className={missing ? 'bad' : ''} role="status">
          {hint}
        </span>
        <Button look="ghost" onClick={isTyping ? () => typing.current?.abort() : onClose}>
          {isTyping ? 'Stop' : 'Close'}
        </Button>
        <Button type="submit" off={keys.length === 0 || missing !== ''} disabled={isTyping}>
          {isTyping ? 'Typing…' : 'Type it'}
        </Button>
      </footer>
    </form>
  );
}

async function typeKeys(
  rfb: RFB,
  keys: readonly TypedKey[],
  signal: AbortSignal,
  onLeft: (left: number) => void,
): Promise<void> {
  for (const [at, { code, keysym, isShifted }] of keys.entries()) {
    if (signal.aborted) return;
    onLeft(keys.length - at);
    if (isShifted) rfb.sendKey(SHIFT, 'ShiftLeft', true);
    rfb.sendKey(keysym, code);
    if (isShifted) rfb.sendKey(SHIFT, 'ShiftLeft', false);
    await new Promise((resolve) => setTimeout(resolve, KEY_MS));
  }
}
