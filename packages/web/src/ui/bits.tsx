// The small things every page has.
import { type ReactNode, useEffect, useState } from 'react';
import type { Status } from '../store/status.ts';
import { formatAgo } from './format.ts';
import { Icon } from './Icon.tsx';

export function Dot({ tone }: { readonly tone: Status['tone'] }) {
  return <span className={`dot ${tone}`} aria-hidden="true" />;
}

export function StatusPill({ status }: { readonly status: Status }) {
  return (
    <span className={`pill ${status.tone}`}>
      <Dot tone={status.tone} />
      {status.text}
    </span>
  );
}

export interface EmptyProps {
  readonly icon: string;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

/** Where nothing is yet: says what would be here, and what to do. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={20} />
      </span>
      <h3>{title}</h3>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export function Problem({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div className="problem" role="alert">
      <Icon name="warn" />
      <div>
        <strong>{title}</strong>
        <p>{text}</p>
      </div>
    </div>
  );
}

/** `3 min ago`, kept right while it is on the screen. */
export function Ago({ at }: { readonly at: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {formatAgo(at, Math.max(now, at))}
    </time>
  );
}

export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Tags({ tags }: { readonly tags: readonly string[] }) {
  return tags.map((tag) => (
    <span className="tag" key={tag}>
      {tag}
    </span>
  ));
}

export function Bar({ part, label }: { readonly part: number; readonly label: string }) {
  const share = Math.min(1, Math.max(0, part));
  return (
    <span className="bar" role="img" aria-label={label} title={label}>
      <span
        className={share > 0.9 ? 'bar-part full' : 'bar-part'}
        style={{ width: `${share * 100}%` }}
      />
    </span>
  );
}
