import { useState } from 'react';
import { Icon } from './Icon.tsx';

/** Copies, where the browser lets a page do that: by https, and of this computer alone. */
export async function copyText(text: string): Promise<boolean> {
  return await (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error())).then(
    () => true,
    () => false,
  );
}

/** A short text that people take elsewhere: a click copies it. Where that cannot be, it can be selected. */
export function CopyText({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="copy-text"
      title={isCopied ? 'Copied' : 'Copy'}
      aria-label={`Copy ${text}`}
      onClick={() => void copyText(text).then(setCopied)}
      onBlur={() => setCopied(false)}
    >
      <code>{text}</code>
      <Icon name={isCopied ? 'check' : 'clone'} size={13} />
    </button>
  );
}
