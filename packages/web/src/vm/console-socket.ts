import { apiPost, errorData, pathOf } from '../api/client.ts';

export type ConsoleState =
  | { readonly is: 'opening' }
  /** The machine wants to know something first. */
  | { readonly is: 'asking' }
  | { readonly is: 'open' }
  /** `lost`: nobody closed it; the way to central was cut. */
  | { readonly is: 'closed'; readonly why: string; readonly lost?: boolean };

/** Asks for a console and opens its WebSocket; the token is good for this one connection. */
export async function openConsoleSocket(vmId: string, type: 'serial' | 'vnc'): Promise<WebSocket> {
  const { token } = await apiPost<{ token?: string }>(`${pathOf(vmId)}/console`, { type });
  if (!token) throw new Error('central gave no way to the console');
  const base = location.origin.replace(/^http/, 'ws');
  const socket = new WebSocket(`${base}/api/v1/console?token=${token}`);
  socket.binaryType = 'arraybuffer';
  return socket;
}

export function whyNot(error: unknown): string {
  return errorData(error).message;
}

/** Central went away, or the way to it: RFC 6455's 1006 and 1012. */
const LOST = new Set([1006, 1012]);

/** What a socket's end says; one that never was open was not lost. */
export function closed({ code, reason }: CloseEvent, wasOpen: boolean): ConsoleState {
  const lost = wasOpen && LOST.has(code);
  return { is: 'closed', lost, why: lost ? 'The connection was lost' : reason || 'It was closed' };
}
