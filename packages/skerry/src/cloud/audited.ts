import type { AuditEntry, VerbReply } from './bus/messages.ts';
import { toVerbError } from './verb-error.ts';

const SECRET = /passw|secret|token|key|streamUrl/i;
/** What is too much for a line, and may have secrets in it. */
const DOCUMENT = 'xml';

type Said = Partial<Pick<AuditEntry, 'message' | 'made'>>;
type About = Omit<AuditEntry, 'at' | 'outcome' | 'durationMs' | keyof Said>;

/**
 * Does something for somebody and notes how it went; what `work` says is noted with it, when it was done. Never throws: what
 * went wrong is the reply.
 */
export async function audited(
  about: About,
  note: (entry: AuditEntry) => void,
  work: (say: (more: Said) => void) => Promise<unknown>,
): Promise<VerbReply> {
  const at = Date.now();
  let outcome: AuditEntry['outcome'] = 'done';
  let said: Said = {};
  try {
    return { ok: true, result: await work((more) => (said = more)) };
  } catch (cause) {
    const error = toVerbError(cause);
    outcome = error.code === 'denied' ? 'denied' : 'failed';
    said = { message: error.message };
    return { ok: false, error: error.toData() };
  } finally {
    const params = auditParams(about.params);
    note({ ...about, at, outcome, message: '', ...said, params, durationMs: Date.now() - at });
  }
}

/** Parameters as they may be written down: without secrets, and without long texts. */
export function auditParams(params: unknown): unknown {
  if (typeof params === 'string') return params.length > 200 ? `${params.slice(0, 200)}…` : params;
  if (Array.isArray(params)) return params.slice(0, 50).map(auditParams);
  if (typeof params !== 'object' || params === null) return params;
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      SECRET.test(key) || key === DOCUMENT ? '…' : auditParams(value),
    ]),
  );
}
