import { useEffect, useRef, useState } from 'react';
import { Icon } from './Icon.tsx';

const SHOWN_MS = 2000;

/** Copies, where the browser lets a page do that: by https, and of this computer alone. */
export async function copyText(text: string): Promise<boolean> {
  return await (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error())).then(
    () => true,
    () => false,
  );
}

/** A short text that people take elsewhere, with a button that copies it; where that cannot be, selects it. */
export function CopyText({ text }: { readonly text: string }) {
  const shown = useRef<HTMLElement>(null);
  const [outcome, setOutcome] = useState<'' | 'Copied' | 'Selected'>('');
  useEffect(() => {
    if (!outcome) return undefined;
    const timer = setTimeout(() => setOutcome(''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    const isCopied = await copyText(text);
    if (!isCopied && shown.current) getSelection()?.selectAllChildren(shown.current);
    setOutcome(isCopied ? 'Copied' : 'Selected');
  };
  return (
    <span className="copy-text">
      <code ref={shown}>{text}</code>
      <button
        type="button"
        title={outcome || 'Copy'}
        aria-label={`${outcome || 'Copy'} ${text}`}
        aria-live="polite"
        onClick={() => void copy()}
      >
        <Icon name={outcome ? 'check' : 'clone'} size={13} />
      </button>
    </span>
  );
}
