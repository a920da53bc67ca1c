// Requests to central. A refusal is an ApiError with central's own words.
import { observable } from '../store/observable.ts';
import type { VerbErrorData } from './types.ts';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly data: VerbErrorData;
  readonly status: number;

  constructor(data: VerbErrorData, status: number) {
    super(data.message);
    this.data = data;
    this.status = status;
  }
}

/** Whether the browser is logged in; null until that is known. */
export const loggedIn = observable<boolean | null>(null);

const QUICK_MS = 30_000;

/** Reads something below /api/v1. */
export async function apiGet<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, { ...(signal && { signal }) });
}

/** Changes something below /api/v1; `id` names the request everywhere. */
export async function apiPost<T>(path: string, body: unknown = {}, id?: string): Promise<T> {
  return request<T>(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'x-skerry': '1',
      'content-type': 'application/json',
      ...(id && { 'x-request-id': id }),
    },
  });
}

async function request<T>(path: string, options: RequestInit): Promise<T> {
  const deadline = options.method === 'POST' ? [] : [AbortSignal.timeout(QUICK_MS)];
  const signals = [...(options.signal ? [options.signal] : []), ...deadline];
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, { ...options, signal: AbortSignal.any(signals) });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    const message = 'central cannot be reached; it was not done, as far as is known here';
    throw new ApiError({ code: 'unreachable', message }, 0);
  }
  if (response.status === 401 && !path.startsWith('login')) loggedIn.set(false);
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as T;
  const { error } = (body ?? {}) as { error?: VerbErrorData };
  const words = `central answered ${response.status} ${response.statusText}`.trim();
  throw new ApiError(error ?? { code: 'failed', message: words }, response.status);
}

/** Any error as central's kind of it. */
export function errorData(error: unknown): VerbErrorData {
  if (error instanceof ApiError) return error.data;
  return { code: 'failed', message: error instanceof Error ? error.message : String(error) };
}

/** `vm:UUID` -> `vms/UUID`. */
export function pathOf(entityId: string): string {
  const colon = entityId.indexOf(':');
  const collection = entityId.slice(0, colon) === 'vm' ? 'vms' : 'hypervisors';
  return `${collection}/${encodeURIComponent(entityId.slice(colon + 1))}`;
}
