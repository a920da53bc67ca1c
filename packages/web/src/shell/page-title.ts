// What the browser's tab and history are called. Pure.
import type { EntityState } from '../api/types.ts';

const PAGES: Readonly<Record<string, string>> = {
  '': 'Overview',
  map: 'Overview',
  log: 'Log',
  parked: 'Parked',
  people: 'People',
  account: 'Your account',
};

/** @example pageTitle('/log', undefined) // 'Log · Skerry' */
export function pageTitle(pathname: string, entity: EntityState | undefined): string {
  const [, page = '', one, tab] = pathname.split('/');
  const isPerson = page === 'people' && one !== undefined;
  const name = entity?.name ?? (isPerson ? decodeURIComponent(one) : PAGES[page]);
  const words = [name, entity && tab, 'Skerry'];
  return words.filter(Boolean).join(' · ');
}
