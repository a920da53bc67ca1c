import { trailers } from './objects.ts';

/** One pin that a commit moves. */
export interface MovedPin {
  readonly name: string;
  readonly path: string;
  readonly branch: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly isRewound: boolean;
}

export interface MessageParts {
  /** The first line: `Nightly master-nightly-345`. */
  readonly title: string;
  readonly moved: readonly MovedPin[];
  readonly kept: readonly { readonly name: string; readonly reason: string }[];
  readonly count: number;
  readonly isStable: boolean;
  readonly runKey?: string | undefined;
}

const SHORT = 12;

/** The first line of the commit of a nightly. */
export function nightlyTitle(tag: string): string {
  return `Nightly ${tag}`;
}

/** The first line of the commit of an update without a tag. */
export const UPDATE_TITLE = 'Update components';

/** The tag of the nightly that made a commit; none where none did. */
export function nightlyIn(message: string): string | undefined {
  const [, tag] = /^Nightly (\S+)\n/.exec(message) ?? [];
  return trailers(message).has('Collected') ? tag : undefined;
}

/**
 * The message of a commit that moves pins. Made of what was read and nothing else, in the order of paths by bytes, so
 * that two machines write the same.
 */
export function formatMessage(parts: MessageParts): string {
  const { title, moved, kept, count, isStable, runKey } = parts;
  const lines = [...moved].sort(byPath).map(formatMove);
  const stayed = [...kept]
    .sort((a, b) => compareBytes(a.name, b.name))
    .map(({ name, reason }) => `${name}: kept where it was (${reason})`);
  const facts = [
    `Collected: ${isStable ? 'stable, two equal reads' : 'torn, no two reads agreed'}`,
    ...(runKey === undefined ? [] : [`Run-Key: ${runKey}`]),
  ];
  return [
    title,
    `${moved.length} of ${count} components moved.`,
    ...(lines.length > 0 ? [lines.join('\n')] : []),
    ...(stayed.length > 0 ? [stayed.join('\n')] : []),
    `${facts.join('\n')}\n`,
  ].join('\n\n');
}

function formatMove({ path, branch, from, to, isRewound }: MovedPin): string {
  const old = from === undefined ? 'new, at ' : `${from.slice(0, SHORT)}..`;
  return `${path}: ${old}${to.slice(0, SHORT)} (${branch}${isRewound ? ', rewound' : ''})`;
}

function byPath(a: MovedPin, b: MovedPin): number {
  return compareBytes(a.path, b.path);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
