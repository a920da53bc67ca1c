import { styleText } from 'node:util';
import type { Diagnosis, Mended } from '../../superproject/doctor/doctor.ts';
import type { Finding } from '../../superproject/doctor/patient.ts';

/** All findings, and how many. */
export function formatFindings({
  components,
  findings,
  fixed,
}: Diagnosis & Partial<Mended>): string {
  const mended = (fixed ?? []).map((one) => `${styleText('green', 'mended ')} ${about(one)}`);
  const lines = findings.flatMap((one) => [
    `${one.level === 'problem' ? styleText('red', 'problem') : styleText('dim', 'note   ')} ${about(one)}`,
    ...(one.hint === undefined ? [] : [`        ${styleText('dim', one.hint)}`]),
  ]);
  const problems = findings.filter(({ level }) => level === 'problem');
  const fixable = problems.filter(({ fix }) => fix !== undefined).length;
  const count = components === 1 ? '1 component' : `${components} components`;
  const of = components === undefined ? '.gitmodules is refused' : count;
  const last =
    problems.length === 0
      ? `${of}: no problems.`
      : `${of}: ${problems.length} problem${problems.length === 1 ? '' : 's'}, of which ${fixable} can be mended: skerry sp doctor --fix`;
  return [...mended, ...lines, last].join('\n');
}

function about({ pain, path, message }: Finding): string {
  return `${pain.padEnd(7)} ${path === undefined ? '' : `${path}: `}${message}`;
}

/** What `--json` prints. */
export function diagnosisJson({
  components,
  findings,
  fixed,
  errors,
  commands,
}: Diagnosis & Partial<Mended>): unknown {
  const plain = ({ fix, ...rest }: Finding): unknown => ({ ...rest, isFixable: fix !== undefined });
  return { components, findings: findings.map(plain), fixed: fixed?.map(plain), errors, commands };
}
