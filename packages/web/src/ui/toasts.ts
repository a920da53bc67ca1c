import { observable } from '../store/observable.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'bad' | 'good' | 'plain';
  readonly title: string;
  readonly text: string;
  readonly hint?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

export const toasts = observable<readonly Toast[]>([]);
const SHOWN_MS = 6000;
const MOST = 4;
let next = 1;

/** Says something at the edge of the page. Bad news stay until they are read. */
export function toast(said: Omit<Toast, 'id'>): void {
  const id = next++;
  toasts.update((all) => [...all, { ...said, id }].slice(-MOST));
  if (said.tone !== 'bad') setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  toasts.update((all) => all.filter((each) => each.id !== id));
}
