import { observable } from '../store/observable.ts';

/** Why a one-time link did not log in. */
export const linkError = observable('');
