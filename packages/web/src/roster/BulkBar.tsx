import { useDeferredValue, useMemo, useState } from 'react';
import { useCloud } from '../store/cloud.ts';
import { permissionsFor } from '../store/state.ts';
import { clearSelected, selected } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Button } from '../ui/Button.tsx';
import { verbIcon } from '../ui/Icon.tsx';
import { Menu } from '../ui/Menu.tsx';
import { request } from '../verbs/request.ts';
import { menuVerbs, readiness, verbs } from '../verbs/table.ts';
import { selectShown, shownVms } from './roster-view.ts';

const IN_BAR = new Set(['create', 'shutdown', 'destroy']);

/** What can be done with all that is selected; beside each verb for how many. */
export function BulkBar() {
  const ids = useObservable(selected);
  const all = useObservable(verbs);
  // Thousands may be selected: the list itself goes on while they are counted, and the menu's are when it is opened.
  const state = useDeferredValue(useCloud((each) => (ids.size > 0 ? each : null)));
  const [asksMore, setAsksMore] = useState(false);
  const items = useMemo(() => {
    if (!state) return [];
    const chosen = [...ids].flatMap((id) => state.entities.get(id) ?? []);
    return menuVerbs(all, 'vm')
      .filter(({ danger, name }) => danger !== 'reads' && (asksMore || IN_BAR.has(name)))
      .map((verb) => {
        const ready = chosen.filter(
          (each) => readiness(verb, each, permissionsFor(state, each.id)).ready,
        );
        return { verb, ready };
      });
  }, [state, ids, all, asksMore]);
  if (ids.size === 0) return null;
  const shown = shownVms();
  const isAll = shown.every((id) => ids.has(id));
  return (
    <div className="bulk" role="toolbar" aria-label="For the selected machines">
      <strong>{ids.size} selected</strong>
      {!isAll && (
        <Button look="ghost" className="small" title="All that are shown (a)" onClick={selectShown}>
          All {shown.length}
        </Button>
      )}
      <span className="spacer" />
      {items
        .filter(({ verb }) => IN_BAR.has(verb.name))
        .map(({ verb, ready }) => (
          <Button
            key={verb.name}
            look="ghost"
            icon={verbIcon(verb.name)}
            label={`${verb.title}: ${ready.length} of ${ids.size}`}
            off={ready.length === 0}
            onClick={() => request(ready, verb)}
          />
        ))}
      <Menu
        label="More for the selected machines"
        className="button ghost"
        trigger="More"
        onOpen={() => setAsksMore(true)}
        items={items.map(({ verb, ready }) => ({
          key: verb.name,
          label: verb.title,
          icon: verbIcon(verb.name),
          keys: `${ready.length}`,
          off: ready.length === 0,
          bad: verb.danger === 'destroys',
          run: () => request(ready, verb),
        }))}
      />
      <Button look="ghost" icon="close" label="Select none" onClick={clearSelected} />
    </div>
  );
}
