import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { OverviewPage } from '../overview/OverviewPage.tsx';
import { Shell } from './Shell.tsx';
import { NotFound } from './NotFound.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage });
const map = createRoute({ getParentRoute: () => root, path: '/map', component: OverviewPage });
export const vmRoute = createRoute({
  getParentRoute: () => root,
  path: '/vm/$uuid/{-$tab}',
  component: lazyRouteComponent(() => import('../vm/VmPage.tsx'), 'VmPage'),
});
export const hypervisorRoute = createRoute({
  getParentRoute: () => root,
  path: '/hypervisor/$name/{-$tab}',
  component: lazyRouteComponent(() => import('../hypervisor/HypervisorPage.tsx'), 'HypervisorPage'),
});
const log = createRoute({
  getParentRoute: () => root,
  path: '/log',
  component: lazyRouteComponent(() => import('../log/LogPage.tsx'), 'LogPage'),
});
const parked = createRoute({
  getParentRoute: () => root,
  path: '/parked',
  component: lazyRouteComponent(() => import('../parked/ParkedPage.tsx'), 'ParkedPage'),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('../people/PeoplePage.tsx'), 'PeoplePage'),
});

export const router = createRouter({
  routeTree: root.addChildren([overview, map, vmRoute, hypervisorRoute, log, parked, people]),
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** Where an entity's page is. */
export function openEntity(id: string): void {
  const at = id.indexOf(':');
  const [kind, rest] = [id.slice(0, at), id.slice(at + 1)];
  if (kind === 'vm') void router.navigate({ to: '/vm/$uuid/{-$tab}', params: { uuid: rest } });
  else void router.navigate({ to: '/hypervisor/$name/{-$tab}', params: { name: rest } });
}

/** The entity whose page is open. */
export function entityOfPath(pathname: string): string | null {
  const [, kind, id] = pathname.split('/');
  if (!id || (kind !== 'vm' && kind !== 'hypervisor')) return null;
  return `${kind}:${decodeURIComponent(id)}`;
}
