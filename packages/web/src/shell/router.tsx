import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { OverviewPage } from '../overview/OverviewPage.tsx';
import { setNavigation } from './navigation.ts';
import { Shell } from './Shell.tsx';
import { NotFound } from './NotFound.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage });
const map = createRoute({ getParentRoute: () => root, path: '/map', component: OverviewPage });
const vmRoute = createRoute({
  getParentRoute: () => root,
  path: '/vm/$uuid/{-$tab}',
  component: lazyRouteComponent(() => import('../vm/VmPage.tsx'), 'VmPage'),
});
const hypervisorRoute = createRoute({
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

const user = createRoute({
  getParentRoute: () => root,
  path: '/people/$user',
  component: lazyRouteComponent(() => import('../people/UserPage.tsx'), 'UserPage'),
});
const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: lazyRouteComponent(() => import('../account/AccountPage.tsx'), 'AccountPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    ...[overview, map, vmRoute, hypervisorRoute],
    ...[log, parked, people, user, account],
  ]),
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

setNavigation((to) => void router.navigate({ to }));
