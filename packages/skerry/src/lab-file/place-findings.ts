import { readFileSync } from 'node:fs';
import { SkerryError } from '../util/errors.ts';
import { type Finding, formatPath } from './finding.ts';
import type { Positions } from './positions.ts';

/** Findings as errors, each with its place in the lab file, in the order of that. */
export function placeFindings(
  findings: readonly Finding[],
  positions: Positions | undefined,
): SkerryError[] {
  return findings
    .map(({ code, path, part, data }) => {
      const place = positions?.placeOf(path, part);
      return new SkerryError(code, { data, field: formatPath(path), ...(place && { place }) });
    })
    .sort(byPlace);
}

/** The same of a lab that was loaded before. Where its file has gone since, they have no place. */
export async function placeInFile(
  file: string,
  findings: readonly Finding[],
): Promise<SkerryError[]> {
  return placeFindings(findings, await readPositions(file).catch(() => undefined));
}

async function readPositions(file: string): Promise<Positions> {
  const source = readFileSync(file, 'utf8');
  if (/\.(?:json|ya?ml)$/.test(file))
    return (await import('./load-document.ts')).loadDocument(file, source).positions();
  return (await import('./positions-script.ts')).scriptPositions(file, source);
}

export function byPlace(a: SkerryError, b: SkerryError): number {
  const [first, second] = [a.place, b.place];
  if (!first || !second) return 0;
  return first.line - second.line || first.column - second.column;
}
