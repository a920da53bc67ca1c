import { apiGet, apiPost, loggedIn } from './client.ts';
import type { Me } from './types.ts';

/** A one-time link is `/#login=TOKEN`: it goes from the address bar before anything else is done with it. */
export function takeLinkToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('login');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

export async function logInByLink(token: string): Promise<void> {
  await apiPost('login/link', { token });
  loggedIn.set(true);
}

export async function logIn(user: string, password: string): Promise<void> {
  await apiPost('login', { user, password });
  loggedIn.set(true);
}

export async function logOut(): Promise<void> {
  await apiPost('logout');
  loggedIn.set(false);
}

/** Asks central whether the cookie is still good. */
export async function checkLogin(): Promise<void> {
  await apiGet<Me>('me').then(
    () => loggedIn.set(true),
    () => loggedIn.get() ?? loggedIn.set(false),
  );
}
