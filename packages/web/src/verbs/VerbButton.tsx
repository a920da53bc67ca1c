import type { EntityState } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { permissionsFor } from '../store/state.ts';
import { useObservable } from '../store/use-observable.ts';
import { Button, type ButtonProps } from '../ui/Button.tsx';
import { verbIcon } from '../ui/Icon.tsx';
import { request } from './request.ts';
import { readiness, verbs } from './table.ts';

export interface VerbButtonProps {
  readonly entity: EntityState;
  readonly verb: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly label?: string;
  readonly look?: ButtonProps['look'];
}

/** A verb in its place on the page; nothing where central has no such verb. */
export function VerbButton({ entity, verb: name, params, label, look = 'plain' }: VerbButtonProps) {
  const verb = useObservable(verbs, (all) =>
    all.find((each) => each.entity === entity.kind && each.name === name),
  );
  const permissions = useCloud((state) => permissionsFor(state, entity.id));
  if (!verb) return null;
  const { ready, denied, why } = readiness(verb, entity, permissions);
  return (
    <Button
      look={ready ? look : 'plain'}
      icon={denied ? 'lock' : verbIcon(name)}
      off={!ready}
      title={why}
      onClick={() => request([entity], verb, params)}
    >
      {label ?? verb.title}
    </Button>
  );
}
