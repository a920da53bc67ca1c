import { useMemo } from 'react';
import { useCloud } from '../store/cloud.ts';
import { permissionsFor } from '../store/state.ts';
import { clearSelected, selected } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Button } from '../ui/Button.tsx';
import { verbIcon } from '../ui/Icon.tsx';
import { Menu } from '../ui/Menu.tsx';
import { request } from '../verbs/request.ts';
import { menuVerbs, readiness, verbs } from '../verbs/table.ts';

const IN_BAR = new Set(['create', 'shutdown', 'destroy']);

/** What can be done with all that is selected; beside each verb for how many. */
export function BulkBar() {
  const ids = useObservable(selected);
  const all = useObservable(verbs);
  const state = useCloud((each) => (ids.size > 0 ? each : null));
  const items = useMemo(() => {
    if (!state) return [];
    const chosen = [...ids].flatMap((id) => state.entities.get(id) ?? []);
    return menuVerbs(all, 'vm')
      .filter(({ danger }) => danger !== 'reads')
      .map((verb) => {
        const ready = chosen.filter(
          (each) => readiness(verb, each, permissionsFor(state, each.id)).ready,
        );
        return { verb, ready };
      });
  }, [state, ids, all]);
  if (ids.size === 0) return null;
  return (
    <div className="bulk" role="toolbar" aria-label="For the selected machines">
      <strong>{ids.size} selected</strong>
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
