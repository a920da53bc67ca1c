import {
  type KeyboardEvent,
  type ReactNode,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { Icon } from './Icon.tsx';

export interface MenuItem {
  readonly key: string;
  readonly label: string;
  readonly icon?: string;
  readonly note?: string;
  readonly off?: boolean;
  readonly bad?: boolean;
  readonly keys?: string;
  /** A line above it. */
  readonly first?: boolean;
  readonly run: () => void;
}

export interface MenuProps {
  readonly label: string;
  readonly trigger: ReactNode;
  readonly className?: string;
  readonly items: readonly MenuItem[];
  readonly onOpen?: () => void;
}

/** A button with a list of commands: arrows, first letters, Escape. */
export function Menu({ label, trigger, className = 'button ghost', items, onOpen }: MenuProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const place = (): void => {
    const at = button.current?.getBoundingClientRect();
    const box = list.current;
    if (!at || !box) return;
    const left = Math.min(at.left, innerWidth - box.offsetWidth - 8);
    const below = innerHeight - at.bottom;
    const top =
      below < box.offsetHeight + 12 ? Math.max(8, at.top - box.offsetHeight - 4) : at.bottom + 4;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${top}px`;
  };
  // Its items are there only once it is open, and more may come.
  useLayoutEffect(() => {
    if (open) place();
  }, [open, items.length]);
  useLayoutEffect(() => {
    if (open) list.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, [open]);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        popoverTarget={id}
        onClick={onOpen}
      >
        {trigger}
      </button>
      <div
        ref={list}
        id={id}
        className="menu"
        role="menu"
        aria-label={label}
        popover="auto"
        onToggle={(event) => setOpen(event.newState === 'open')}
        onKeyDown={move}
      >
        {open &&
          items.map((item) => (
            <button
              key={item.key}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-disabled={item.off || undefined}
              className={`menu-item ${item.bad ? 'bad' : ''} ${item.first ? 'first' : ''}`}
              title={item.note}
              onClick={() => {
                if (item.off) return;
                list.current?.hidePopover();
                item.run();
              }}
            >
              <Icon name={item.icon ?? 'dot'} />
              <span className="menu-label">{item.label}</span>
              {item.off && item.note && <span className="menu-note">{item.note}</span>}
              {item.keys && <kbd>{item.keys}</kbd>}
            </button>
          ))}
      </div>
    </>
  );
}

function move(event: KeyboardEvent<HTMLElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = target(event.key, at, items);
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  items[(to + items.length) % items.length]?.focus();
}

function target(key: string, at: number, items: readonly HTMLElement[]): number | undefined {
  if (key === 'ArrowDown') return at + 1;
  if (key === 'ArrowUp') return at - 1;
  if (key === 'Home') return 0;
  if (key === 'End') return items.length - 1;
  if (key.length !== 1) return undefined;
  const starts = (item: HTMLElement): boolean =>
    (item.textContent ?? '').toLowerCase().startsWith(key.toLowerCase());
  const next = items.findIndex((item, index) => index > at && starts(item));
  return next >= 0 ? next : items.findIndex(starts) >= 0 ? items.findIndex(starts) : undefined;
}
