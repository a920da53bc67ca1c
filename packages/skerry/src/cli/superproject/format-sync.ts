import { styleText } from 'node:util';
import type { SyncedComponent, SyncResult } from '../../superproject/checkout/sync.ts';
import { SP_EXIT } from '../../util/superproject-exit.ts';

const WORDS: Readonly<Record<SyncedComponent['status'], string>> = {
  cloned: 'cloned',
  restored: 'restored',
  moved: 'moved',
  attached: 'put on their branches',
  unchanged: 'as they were',
  left: 'left alone',
  failed: 'failed',
};

/** A line of numbers, then only what somebody should know: what was kept, left alone or failed, with git's whole words. */
export function formatSync(result: SyncResult): string {
  const { components } = result;
  const counts = Object.entries(WORDS).flatMap(([status, words]) => {
    const count = components.filter((one) => one.status === status).length;
    return count > 0 ? [`${count} ${words}`] : [];
  });
  const head =
    components.length === 0
      ? 'No components.'
      : `${components.length} ${components.length === 1 ? 'component' : 'components'}${nestedWords(components)}: ${counts.join(', ')}.`;
  return [head, ...notesOf(result)].join('\n');
}

/** So that the number is understood by who sees another one in `status`. */
function nestedWords(components: SyncResult['components']): string {
  const count = components.filter(({ isNested }) => isNested).length;
  return count > 0 ? ` (${count} of them in components)` : '';
}

/** The commands of a dry run, and what they do not reach. */
export function formatPlan(result: SyncResult): string {
  const { commands, components, leftOvers } = result;
  const held = components.filter(({ status }) => status === 'left' || status === 'failed');
  const stuck = leftOvers.filter(({ reason }) => reason !== undefined);
  const notes = notesOf({ components: held, leftOvers: stuck });
  const plan = commands.length > 0 || notes.length === 0 ? [formatCommands(commands)] : [];
  return [...plan, ...notes].join('\n');
}

function notesOf({
  components,
  leftOvers,
}: Pick<SyncResult, 'components' | 'leftOvers'>): string[] {
  const notes = components.flatMap((one) => [
    ...workNotes({
      ...one,
      notes: one.notes.map((note) => (one.status === 'left' ? `left alone: ${note}` : note)),
    }),
    ...(one.error ? [failure(one.path, one.error)] : []),
  ]);
  const overs = leftOvers.map(({ path, reason }) =>
    reason === undefined
      ? `${styleText('dim', '-')} ${path}: removed, this commit does not have it`
      : warning(path, `this commit does not have it, and ${reason}: not removed`),
  );
  return [...overs, ...notes];
}

/** What somebody should know of a work tree that was moved. */
export function workNotes({
  path,
  rescued,
  notes,
}: Pick<SyncedComponent, 'path' | 'rescued' | 'notes'>): string[] {
  const kept = `commits that were on no branch are kept: git log ${rescued}`;
  return [...(rescued === undefined ? [] : [kept]), ...notes].map((note) => warning(path, note));
}

/** As a plan: what would be run. */
export function formatCommands(commands: readonly string[]): string {
  return commands.length === 0 ? 'Nothing to do.' : commands.join('\n');
}

export function syncJson({ components, ...rest }: SyncResult): object {
  return {
    ...rest,
    components: components.map(({ error, ...one }) => ({
      ...one,
      ...(error && { error: error.toJSON() }),
    })),
  };
}

/** 0 all at their pins; 5 some are not, and the same command goes on; 4 none got through; else what the errors say. */
export function syncExit({ components }: SyncResult): number {
  const codes = new Set(components.flatMap(({ error }) => (error ? [error.exitCode] : [])));
  const isStuck = components.some(({ status }) => status === 'left');
  if (codes.size === 0) return isStuck ? SP_EXIT.partial : 0;
  const hasSuccess = components.some(({ error }) => !error);
  if (hasSuccess) return SP_EXIT.partial;
  return codes.size === 1 ? ([...codes][0] ?? SP_EXIT.failure) : SP_EXIT.failure;
}

function warning(path: string, text: string): string {
  return `${styleText('yellow', '!')} ${path}: ${text}`;
}

function failure(path: string, { message, hint }: { message: string; hint: string }): string {
  // Many messages begin with the path themselves.
  const rest = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  return `${styleText('red', '✗')} ${path}: ${rest}\n  ${styleText('cyan', 'hint')}: ${hint}`;
}
