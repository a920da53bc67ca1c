import { apiPost, errorData, pathOf } from '../api/client.ts';

export type ConsoleState =
  | { readonly is: 'opening' }
  | { readonly is: 'open' }
  | { readonly is: 'closed'; readonly why: string };

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

export function whyClosed({ reason }: CloseEvent): string {
  return reason || 'The connection ended';
}
