import { useRef, useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { copyText } from '../ui/CopyText.tsx';

export interface SecretProps {
  readonly label: string;
  readonly value: string;
  readonly hint: string;
}

/** What is shown this once, with a button that copies it. */
export function Secret({ label, value, hint }: SecretProps) {
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    field.current?.select();
    setCopied(await copyText(value));
  };
  return (
    <div className="field">
      <label htmlFor="secret">{label}</label>
      <div className="secret">
        <input
          ref={field}
          id="secret"
          className="code"
          value={value}
          readOnly
          data-autofocus
          onFocus={(event) => event.target.select()}
        />
        <Button icon="clone" onClick={() => void copy()}>
          {isCopied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <span className="hint" role="status">
        {hint}
      </span>
    </div>
  );
}

/** The link that central gave, on the address by which this page came. */
export function linkHere(link: string): string {
  return `${location.origin}/${new URL(link).hash}`;
}
