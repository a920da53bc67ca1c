import { userInfo } from 'node:os';

export interface HostUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly isRoot: boolean;
}

/** Whose labs these are. A uid without an account (some containers) is called by its number. */
export function hostUser(): HostUser {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return { uid, gid, name: accountName() ?? String(uid), isRoot: uid === 0 };
}

function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
