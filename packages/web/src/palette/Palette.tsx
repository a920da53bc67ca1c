import { useId, useMemo, useRef, useState } from 'react';
import { currentEntity } from '../keyboard/use-keyboard.ts';
import { goTo, openEntity } from '../shell/navigation.ts';
import { cloud } from '../store/cloud.ts';
import { permissionsFor } from '../store/state.ts';
import { paletteOpen } from '../store/ui.ts';
import { Icon, verbIcon } from '../ui/Icon.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { request } from '../verbs/request.ts';
import { readiness, verbs } from '../verbs/table.ts';
import { type PaletteItem, paletteItems } from './palette-items.ts';

/** Everything by typing: machines, pages, and what one may do with them. */
export function Palette() {
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  // Those of the moment it was opened: a list that jumps cannot be chosen from.
  const [state] = useState(() => cloud.get());
  const [current] = useState(currentEntity);
  const items = useMemo(
    () =>
      paletteItems({
        query: query.trim(),
        entities: [...state.entities.values()],
        verbs: verbs.get(),
        current,
        readinessOf: (verb, entity) => readiness(verb, entity, permissionsFor(state, entity.id)),
        iconOf: verbIcon,
      }),
    [query, state, current],
  );
  const close = (): void => paletteOpen.set(false);
  const run = (item: PaletteItem | undefined): void => {
    if (!item || item.off) return;
    close();
    if (item.to) goTo(item.to);
    else if (item.verb && item.entity) request([item.entity], item.verb, item.params);
    else if (item.entity) openEntity(item.entity.id);
  };
  const move = (to: number): void => {
    const next = (to + items.length) % Math.max(1, items.length);
    setAt(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <Dialog title="Find or do anything" onClose={close}>
      <div className="palette">
        <div className="palette-field">
          <Icon name="search" size={18} />
          <input
            data-autofocus
            role="combobox"
            aria-label="Find or do anything"
            aria-expanded="true"
            aria-controls={id}
            aria-activedescendant={items[at] ? `${id}-${at}` : undefined}
            placeholder="A name, a page, or: start web-1"
            autoComplete="off"
            spellCheck={false}
            value={query}
            onChange={(event) => {
              setQuery(event.target.value);
              setAt(0);
            }}
            onKeyDown={(event) => {
              const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
              if (step !== undefined) move(at + step);
              else if (event.key === 'Enter') run(items[at]);
              else return;
              event.preventDefault();
            }}
          />
          <kbd>Esc</kbd>
        </div>
        <ul ref={list} id={id} role="listbox" aria-label="Found" className="palette-list">
          {items.map((item, index) => (
            <li
              key={item.key}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              aria-disabled={item.off || undefined}
              className="palette-item"
              onMouseMove={() => setAt(index)}
              onClick={() => run(item)}
            >
              <Icon name={item.icon} />
              <span className="palette-label">{item.label}</span>
              <span className="palette-detail">{item.detail}</span>
            </li>
          ))}
        </ul>
        {items.length === 0 && (
          <p className="palette-none">
            Nothing is called so. Type a part of a name, or a verb and a name:{' '}
            <code>pause web</code>.
          </p>
        )}
      </div>
    </Dialog>
  );
}
