import type { Coupling } from '../../superproject/coupling.ts';
import { printJson } from '../common.ts';
import { formatTable } from '../table.ts';
import { countOf, type SuperprojectOptions, targetOf } from './common.ts';

const SHORT = 12;

/** `status --coupling`: which components move together, from the history of the superproject alone. */
export async function showCoupling(
  options: SuperprojectOptions & { readonly branch?: string },
  signal: AbortSignal,
): Promise<void> {
  const { Network } = await import('../../superproject/network.ts');
  const { readLog } = await import('../../superproject/changelog/superproject-log.ts');
  const { findCoupling } = await import('../../superproject/coupling.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const coupling = findCoupling(await readLog(network, target, { to: options.branch ?? 'HEAD' }));
  if (options.json) printJson(coupling);
  else console.log(formatCoupling(coupling));
}

function formatCoupling({ commits, ignored, pairs }: Coupling): string {
  const days = commits === 1 ? '1 commit that moved' : `${commits} commits that moved`;
  const of = `${days} components${ignored > 0 ? `, ${ignored} more moved too many to count` : ''}`;
  if (pairs.length === 0) return `No two components move together more than chance has it (${of}).`;
  const rows = pairs.map(({ paths, together, each, share, examples }) => [
    paths.join(' + '),
    `${together} of ${each[0] + each[1] - together}`,
    `${Math.round(share * 100)} %`,
    examples.map((id) => id.slice(0, SHORT)).join(' '),
  ]);
  return [
    formatTable(['COMPONENTS', 'TOGETHER', 'SHARE', 'FOR EXAMPLE'], rows),
    `Of ${of}. What always changes together is simpler in one repository.`,
  ].join('\n');
}
