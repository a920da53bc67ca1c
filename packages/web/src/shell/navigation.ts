// Going to pages from outside of components. The router itself imports all pages, so they cannot import it.
interface Go {
  (to: string): void;
}

let go: Go = () => {};

export function setNavigation(navigate: Go): void {
  go = navigate;
}

/** @example goTo('/vm/0a1b…/console') */
export function goTo(path: string): void {
  go(path);
}

/** Where an entity's page is. */
export function entityPath(id: string, tab = ''): string {
  const at = id.indexOf(':');
  return `/${id.slice(0, at)}/${encodeURIComponent(id.slice(at + 1))}${tab && `/${tab}`}`;
}

export function openEntity(id: string, tab = ''): void {
  goTo(entityPath(id, tab));
}

/** The entity whose page is open. */
export function openedEntity(): string | null {
  const [, kind, id] = location.pathname.split('/');
  if (!id || (kind !== 'vm' && kind !== 'hypervisor')) return null;
  return `${kind}:${decodeURIComponent(id)}`;
}
