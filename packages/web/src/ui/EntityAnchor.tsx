import type { AnchorHTMLAttributes, MouseEvent } from 'react';
import { entityPath, openEntity } from '../shell/navigation.ts';

export interface EntityAnchorProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly entity: string;
}

/** A link to an entity's page for lists of thousands: the router's own Link costs each row a millisecond. */
export function EntityAnchor({ entity, onClick, ...rest }: EntityAnchorProps) {
  const go = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (event.defaultPrevented || !isPlain) return;
    event.preventDefault();
    openEntity(entity);
  };
  return <a {...rest} href={entityPath(entity)} onClick={go} />;
}
