import { useEffect } from 'react';
import type { EntityState } from '../api/types.ts';
import { goTo, openedEntity, openEntity } from '../shell/navigation.ts';
import { cloud } from '../store/cloud.ts';
import { permissionsFor } from '../store/state.ts';
import {
  clearSelected,
  cursor,
  helpOpen,
  newMachine,
  paletteOpen,
  toggleSelected,
} from '../store/ui.ts';
import { toast } from '../ui/toasts.ts';
import { request } from '../verbs/request.ts';
import { readiness, verbOf } from '../verbs/table.ts';
import { selectShown } from '../roster/roster-view.ts';
import { moveCursor, openCursor } from './move-cursor.ts';

const GO_MS = 1200;

/** The keys of the whole page. Fields, dialogs and consoles keep theirs. */
export function useKeyboard(): void {
  useEffect(() => {
    let goAt = 0;
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        paletteOpen.update((open) => !open);
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isGo = Date.now() - goAt < GO_MS;
      goAt = event.key === 'g' ? Date.now() : 0;
      if ((isGo && go(event.key)) || press(event)) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (document.querySelector('dialog[open], [popover]:popover-open')) return true;
  const isField =
    target instanceof HTMLInputElement && target.type !== 'checkbox' && target.type !== 'radio';
  return isField || target.matches('textarea, select, [contenteditable], .console *, .console');
}

function go(key: string): boolean {
  const pages = { o: '/map', l: '/log', p: '/parked', u: '/people' } as const;
  const to = pages[key as keyof typeof pages];
  if (to) goTo(to);
  return to !== undefined;
}

function press(event: KeyboardEvent): boolean {
  switch (event.key) {
    case 'j':
      return (moveCursor(1), true);
    case 'k':
      return (moveCursor(-1), true);
    case 'J':
    case 'K':
      selectCursor(true);
      moveCursor(event.key === 'J' ? 1 : -1);
      selectCursor(true);
      return true;
    case 'x':
      return selectCursor(false);
    case 'a':
      return (selectShown(), true);
    case 'Enter':
      // A focused link or button does what it does.
      return document.activeElement?.matches('a, button, input, summary') ? false : openCursor();
    case '/':
      document.querySelector<HTMLInputElement>('#filter')?.focus();
      return true;
    case '?':
      return (helpOpen.set(true), true);
    case 'n':
      return (newMachine.set({}), true);
    case 'Escape':
      clearSelected();
      cursor.set(null);
      return false;
    case 'c':
      return openConsole();
    default:
      return verbKey(event.key);
  }
}

function selectCursor(only: boolean): boolean {
  const id = cursor.get();
  if (!id?.startsWith('vm:')) return false;
  const isSelected = document.querySelector(`.cursor.selected`) !== null;
  if (!only || !isSelected) toggleSelected(id);
  return true;
}

const VERB_KEYS: Readonly<Record<string, readonly string[]>> = {
  s: ['create', 'resume'],
  p: ['suspend'],
  d: ['shutdown'],
  r: ['reboot'],
  m: ['migrate'],
};

/** The machine that is open, else the one under the cursor. */
export function currentEntity(): EntityState | undefined {
  const { entities } = cloud.get();
  return entities.get(openedEntity() ?? '') ?? entities.get(cursor.get() ?? '');
}

function verbKey(key: string): boolean {
  const names = VERB_KEYS[key];
  const entity = names && currentEntity();
  if (entity?.kind !== 'vm') return false;
  const permissions = permissionsFor(cloud.get(), entity.id);
  const verbs = names?.flatMap((name) => verbOf('vm', name) ?? []) ?? [];
  const ready = verbs.find((verb) => readiness(verb, entity, permissions).ready);
  const [first] = verbs;
  if (ready) request([entity], ready);
  else if (first)
    toast({ tone: 'plain', title: first.title, text: readiness(first, entity, permissions).why });
  return true;
}

function openConsole(): boolean {
  const entity = currentEntity();
  if (entity?.kind !== 'vm') return false;
  openEntity(entity.id, 'console');
  return true;
}
