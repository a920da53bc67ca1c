// The buttons of an entity: its transport, and a menu with all the rest of the verb table.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { explain } from '../api/explain.ts';
import type { EntityState, VerbInfo } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { permissionsFor } from '../store/state.ts';
import { useObservable } from '../store/use-observable.ts';
import { Button } from '../ui/Button.tsx';
import { Icon, verbIcon } from '../ui/Icon.tsx';
import { Menu } from '../ui/Menu.tsx';
import { request } from './request.ts';
import { isPossible, menuVerbs, readiness, TRANSPORT, verbs } from './table.ts';

const KEYS: Readonly<Record<string, string>> = {
  create: 's',
  resume: 's',
  suspend: 'p',
  shutdown: 'd',
  reboot: 'r',
  migrate: 'm',
};
const PRIMARY = new Set(['create', 'resume', 'alloc']);
const HOST_BAR = ['alloc', 'drain'];

export function VerbBar({ entity }: { readonly entity: EntityState }) {
  const all = useObservable(verbs);
  const permissions = useCloud((state) => permissionsFor(state, entity.id));
  const [asksWhy, setAsksWhy] = useState(false);
  const isDenied = (verb: VerbInfo): boolean => readiness(verb, entity, permissions).denied;
  const { data: reasons } = useQuery({
    queryKey: ['explain', entity.id, [...permissions].join(' ')],
    queryFn: () => explain(entity),
    enabled: asksWhy,
  });
  const why = (verb: VerbInfo): string => {
    const { denied, why: words } = readiness(verb, entity, permissions);
    const said = reasons?.find((each) => each.verb === verb.name)?.because;
    return denied && said ? said : words;
  };
  const shown = menuVerbs(all, entity.kind);
  const barNames: readonly string[] = entity.kind === 'vm' ? TRANSPORT : HOST_BAR;
  const bar = barNames.flatMap((name) => shown.find((verb) => verb.name === name) ?? []);
  // Start and resume, or resume and pause, never make sense together: one place for the one that does.
  const inBar = entity.kind === 'vm' ? oneOfEach(bar, entity, permissions) : bar;
  const rest = shown.filter(
    (verb) => !bar.includes(verb) && (verb.stops === undefined || isPossible(verb, entity)),
  );
  return (
    <div
      className="verbs"
      role="toolbar"
      aria-label={`What ${entity.name} can be told`}
      onPointerEnter={() => setAsksWhy(shown.some(isDenied))}
      onFocus={() => setAsksWhy(shown.some(isDenied))}
    >
      {inBar.map((verb) => {
        const { ready, denied } = readiness(verb, entity, permissions);
        const key = KEYS[verb.name];
        return (
          <Button
            key={verb.name}
            icon={denied ? 'lock' : verbIcon(verb.name)}
            look={PRIMARY.has(verb.name) && ready ? 'primary' : 'plain'}
            className={`verb verb-${verb.name}`}
            off={!ready}
            title={`${why(verb)}${key && ready ? ` (${key})` : ''}`}
            onClick={() => request([entity], verb)}
          >
            {verb.title}
          </Button>
        );
      })}
      <Menu
        label="More verbs"
        className="button plain"
        onOpen={() => setAsksWhy(true)}
        trigger={
          <>
            <span>More</span>
            <Icon name="down" size={14} />
          </>
        }
        items={rest.map((verb, at) => {
          const { ready, denied } = readiness(verb, entity, permissions);
          return {
            key: verb.name,
            label: verb.title,
            icon: denied ? 'lock' : verbIcon(verb.name),
            off: !ready,
            note: denied ? why(verb) : ready ? verb.summary : '',
            bad: verb.danger === 'destroys',
            first: at > 0 && rest[at - 1]?.danger !== 'destroys' && verb.danger === 'destroys',
            run: () => request([entity], verb),
          };
        })}
      />
    </div>
  );
}

function oneOfEach(
  bar: readonly VerbInfo[],
  entity: EntityState,
  permissions: ReadonlySet<string>,
): VerbInfo[] {
  const isReady = (name: string): boolean =>
    bar.some((verb) => verb.name === name && readiness(verb, entity, permissions).ready);
  const hidden = isReady('resume') ? 'create' : 'resume';
  return bar.filter(({ name }) => name !== hidden);
}
