import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Icon } from './Icon.tsx';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon?: string;
  readonly look?: 'plain' | 'primary' | 'ghost' | 'danger';
  /** Only the icon; `label` is what it is called. */
  readonly label?: string;
  /** Greyed, yet one can come to it and read why. */
  readonly off?: boolean;
  readonly children?: ReactNode;
}

export function Button(props: ButtonProps) {
  const {
    icon,
    look = 'plain',
    label,
    off = false,
    children,
    className = '',
    onClick,
    ...rest
  } = props;
  return (
    <button
      type="button"
      {...rest}
      className={`button ${look} ${children ? '' : 'square'} ${className}`}
      aria-label={label}
      aria-disabled={off || undefined}
      title={rest.title ?? label}
      onClick={off ? (event) => event.preventDefault() : onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
