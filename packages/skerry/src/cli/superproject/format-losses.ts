import { styleText } from 'node:util';
import type { Loss } from '../../superproject/manifest/project.ts';

const SHOWN = 5;

/** A line for each kind of loss; the names of the first few. */
export function formatLosses(losses: readonly Loss[]): readonly string[] {
  return losses.map(({ what, names }) => {
    const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
    const shown = names.slice(0, SHOWN).join(', ');
    return `${styleText('yellow', 'warning')}: ${what}: ${shown}${more}`;
  });
}
