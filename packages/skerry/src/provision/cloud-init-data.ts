import { LineCounter, parseDocument } from 'yaml';

/** What cloud-init knows user data by; of anything else it only says in its log that it left it out. */
const BEGINNINGS =
  /^(?:#!|#cloud-config|#include|#part-handler|#cloud-boothook|#upstart-job|## template:|content-type:|mime-version:)/i;

/** Why cloud-init would silently do nothing with this user data. Pure. */
export function userDataProblem(text: string): { reason: string; line: number } | undefined {
  const first = text.split('\n', 1)[0] ?? '';
  // gzip.
  if (text.startsWith('\x1f')) return undefined;
  if (!BEGINNINGS.test(first)) {
    const reason = `user data begins with '${first.slice(0, 60)}', which cloud-init does not know: write #cloud-config, or #!/bin/sh, as its first line`;
    return { reason, line: 1 };
  }
  if (!/^#cloud-config(?!-)/i.test(first)) return undefined;
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'error' } as const;
  const [error] = parseDocument(text, options).errors;
  if (!error) return undefined;
  const { line } = lines.linePos(error.pos[0]);
  return { reason: `user data is no YAML, line ${line}: ${error.message}`, line };
}

/** The errors that /run/cloud-init/status.json tells of. Pure. */
export function parseResult(json: string): string[] {
  let status: unknown;
  try {
    status = JSON.parse(json);
  } catch {
    return [];
  }
  const stages = asObject(asObject(status).v1);
  return Object.entries(stages).flatMap(([stage, value]) => {
    const { errors } = asObject(value);
    return Array.isArray(errors) ? errors.map((error) => `${stage}: ${String(error)}`) : [];
  });
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
