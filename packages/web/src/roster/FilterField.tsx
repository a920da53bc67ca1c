import { filterText, grouping } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { moveCursor, openFirst } from '../keyboard/move-cursor.ts';

export function FilterField() {
  const text = useObservable(filterText);
  const by = useObservable(grouping);
  return (
    <div className="filter">
      <Icon name="search" />
      <input
        id="filter"
        type="text"
        role="searchbox"
        placeholder="Filter: web tag:prod"
        aria-label="Filter machines"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => filterText.set(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            if (text) filterText.set('');
            else event.currentTarget.blur();
          }
          if (event.key === 'ArrowDown' || event.key === 'Enter') {
            event.preventDefault();
            event.currentTarget.blur();
            if (event.key === 'Enter' && text) openFirst();
            else moveCursor(1);
          }
        }}
      />
      {text ? (
        <Button
          look="ghost"
          icon="close"
          label="Clear the filter"
          onClick={() => filterText.set('')}
        />
      ) : (
        <kbd>/</kbd>
      )}
      <Button
        look="ghost"
        icon={by === 'tag' ? 'server' : 'tag'}
        className="grouping"
        label={by === 'tag' ? 'Group by hypervisor' : 'Group by tag'}
        onClick={() => grouping.set(by === 'tag' ? 'hypervisor' : 'tag')}
      />
    </div>
  );
}
