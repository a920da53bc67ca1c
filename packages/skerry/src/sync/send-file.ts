// A file of this host on its way to a machine's agent.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TreeAgent } from './agent.ts';
import { CHUNK, fileHead, withLength } from './messages.ts';
import { toBytes } from './paths.ts';
import { parseFileStamp, stampOf } from './stamp.ts';

/** A file with more bytes goes in pieces, between which others go. */
export const LARGE: number = 256 * 1024;
const TRIES = 3;
const TRY_AGAIN_MS = 5;

/** Never a link, and never waits for a pipe's other end. */
export function openFile(root: string, path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  return open(toBytes(root, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

export interface SendOptions {
  /** Asked before each piece. */
  readonly isUnwanted?: () => boolean;
  /** It is no part of a push that can be rolled back. */
  readonly isAside?: boolean;
  /** Called in the moment from which on the machine puts it in its place: who does not want it any more has to remove it. */
  readonly onStored?: (stamp: string) => void;
}

/**
 * Sends a file as it is at one moment, in one message. Gives its stamp, which is empty if it is not wanted any more, or
 * undefined of one that is large: nothing is sent then.
 */
export async function sendSmall(
  agent: TreeAgent,
  path: string,
  file: FileHandle,
  { isUnwanted, isAside, onStored }: SendOptions = {},
): Promise<{ stamp: string; bytes: number } | undefined> {
  for (let tries = 1; ; tries++) {
    const stamp = await fileStamp(file);
    const head = parseFileStamp(stamp);
    if (head.size > LARGE) return undefined;
    const data = Buffer.allocUnsafe(head.size);
    const { bytesRead } = await file.read(data, 0, head.size, 0);
    if ((bytesRead < head.size || (await fileStamp(file)) !== stamp) && tries < TRIES) {
      await sleep(TRY_AGAIN_MS);
      continue;
    }
    const size = bytesRead;
    if (isUnwanted?.()) return { stamp: '', bytes: 0 };
    const parts = [withLength(path), fileHead({ ...head, size }), data.subarray(0, size)];
    agent[isAside ? 'sendAside' : 'send']('W', ...parts);
    onStored?.(stamp);
    return { stamp, bytes: size };
  }
}

export interface SendLargeOptions extends SendOptions {
  readonly stamp: string;
  readonly onSent: (bytes: number) => void;
  /** Whether what was sent is to be kept; asked at its end. */
  readonly isKept?: () => Promise<boolean>;
}

/**
 * `short`: it became shorter meanwhile. Nothing of it is kept then, nor of one that is not wanted any more, or not to be
 * kept: `dropped`.
 */
export async function sendLarge(
  agent: TreeAgent,
  path: string,
  file: FileHandle,
  { stamp, isUnwanted, onSent, onStored, isAside, isKept }: SendLargeOptions,
): Promise<'whole' | 'short' | 'unwanted' | 'dropped'> {
  const head = parseFileStamp(stamp);
  const send: TreeAgent['send'] = (type, ...parts) =>
    isAside ? agent.sendAside(type, ...parts) : agent.send(type, ...parts);
  send('F', withLength(path), fileHead(head));
  for (let at = 0; at < head.size;) {
    const data = Buffer.allocUnsafe(Math.min(CHUNK, head.size - at));
    const { bytesRead } = await file.read(data, 0, data.length, at);
    if (isUnwanted?.()) return 'unwanted';
    if (bytesRead === 0) {
      send('Q');
      return 'short';
    }
    send('D', data.subarray(0, bytesRead));
    at += bytesRead;
    onSent(bytesRead);
    await agent.room();
  }
  const isDropped = isKept !== undefined && !(await isKept());
  if (isUnwanted?.()) return 'unwanted';
  send(isDropped ? 'Q' : 'E');
  if (!isDropped) onStored?.(stamp);
  return isDropped ? 'dropped' : 'whole';
}

/** What an open file is. @throws ELOOP of what is no file */
export async function fileStamp(file: FileHandle): Promise<string> {
  const stamp = stampOf(await file.stat({ bigint: true }), () => '');
  if (stamp?.startsWith('f')) return stamp;
  throw Object.assign(new Error('no file any more'), { code: 'ELOOP' });
}

const ON_THIS_HOST = 'on this host: ';
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  EIO: 'its disk cannot be read',
  ENOTCONN: 'what is mounted there does not answer',
  ESTALE: 'what is mounted there does not answer',
};

/** Why a file of this host cannot be read; undefined where it is gone, which the watcher says or has said. */
export function unreadable(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return code === 'ENOENT' || code === 'ELOOP' ? undefined : ON_THIS_HOST + (WORDS[code] ?? code);
}

/** Whether that is the reason: no machine has to do with it. */
export function isUnreadable({ reason }: { readonly reason: string }): boolean {
  return reason.startsWith(ON_THIS_HOST);
}
