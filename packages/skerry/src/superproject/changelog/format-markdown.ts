import { isoTime, type LogEntry } from './commit-log.ts';
import type { Changelog, ChangelogSection } from './document.ts';

const SHORT = 12;

/** The changelog as CommonMark. Nothing that a commit says can be more than text in it. */
export function formatMarkdown(log: Changelog, { noMerges = false } = {}): string {
  const { from, to, sections, unchanged } = log;
  const title = `# Changes from ${escapeMarkdown(from.ref)} to ${escapeMarkdown(to.ref)}`;
  const blocks = sections.map((section) => formatSection(section, noMerges));
  return `${[title, summaryOf(sections, unchanged), ...blocks].join('\n\n')}\n`;
}

/**
 * Text that Markdown shows as it is: every sign with a meaning in CommonMark or in GitHub's dialect gets a backslash.
 * What would steer a terminal or turn the direction of writing becomes a replacement character (CVE-2021-42574).
 * `#123` stays, for hosts to link.
 *
 * @example escapeMarkdown('fix <b> in [x](y)') // 'fix \\<b\\> in \\[x\\](y)'
 */
export function escapeMarkdown(text: string): string {
  return plainText(text).replace(/[\\`*_[\]<>&~|$!]/g, '\\$&');
}

/** Text without anything that steers a terminal or turns the direction of writing; on one line. */
export function plainText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
    .trim();
}

/** @example summaryOf([], 3) // 'Nothing moved. 3 components are as before.' */
function summaryOf(sections: readonly ChangelogSection[], unchanged: number): string {
  const count = (kind: string): number => sections.filter((each) => each.kind === kind).length;
  const parts = (
    [
      ['forward', 'moved'],
      ['rewound', 'rewound'],
      ['added', 'added'],
      ['removed', 'removed'],
      ['changed', 'with another url or path'],
      ['unread', 'not readable'],
    ] as const
  ).flatMap(([kind, word]) => (count(kind) > 0 ? [`${count(kind)} ${word}`] : []));
  const moved = parts.length > 0 ? `Components: ${parts.join(', ')}.` : 'Nothing moved.';
  return `${moved} ${unchanged} ${unchanged === 1 ? 'component is' : 'components are'} as before.`;
}

function formatSection(section: ChangelogSection, noMerges: boolean): string {
  const { path, commits, dropped, repeated } = section;
  const isShown = ({ parents }: LogEntry): boolean => !noMerges || parents.length < 2;
  const lines = [...factsOf(section)];
  if (section.notes.length > 0) lines.push(...section.notes.map((note) => escapeMarkdown(note)));
  const blocks = [`## ${escapeMarkdown(path)}`, lines.join('\\\n')];
  const list = commits.filter(isShown).map(formatCommit);
  if (list.length > 0) blocks.push(list.join('\n'));
  for (const { path: other, count } of repeated)
    blocks.push(`${amount(count)} listed under ${escapeMarkdown(other)} already.`);
  const lost = dropped.filter(isShown).map(formatCommit);
  if (lost.length > 0) blocks.push('No longer in it:', lost.join('\n'));
  return blocks.join('\n\n');
}

function factsOf(section: ChangelogSection): string[] {
  const { kind, from, to, url, urlBefore, pathBefore, commits, repeated, within } = section;
  const old = code(from?.slice(0, SHORT) ?? '');
  const now = code(to?.slice(0, SHORT) ?? '');
  const all = commits.length + repeated.reduce((sum, { count }) => sum + count, 0);
  const head = {
    forward: `${old} to ${now}, ${amount(all)}`,
    rewound: `**Rewound** from ${old} to ${now}, which does not come after it`,
    added: `**Added** at ${now}`,
    removed: `**Removed**; it was at ${old}`,
    changed: `Still at ${now}`,
    unread: `${old} to ${now}; **its commits could not be read**`,
  }[kind];
  return [
    head,
    ...(within === undefined ? [] : [`Nested in ${escapeMarkdown(within)}`]),
    ...(pathBefore === undefined ? [] : [`It was at the path ${escapeMarkdown(pathBefore)}`]),
    ...(urlBefore === undefined
      ? []
      : [`**Its url changed** from ${escapeMarkdown(urlBefore)} to ${escapeMarkdown(url)}`]),
  ];
}

/** The id comes first, so that no subject stands where a line could begin a list, a heading or a quote. */
function formatCommit({ id, subject, author, seconds, parents }: LogEntry): string {
  const merge = parents.length > 1 ? ', merge' : '';
  const about = `${escapeMarkdown(author)}, ${dayOf(seconds)}${merge}`;
  return `- ${code(id.slice(0, SHORT))} ${escapeMarkdown(subject) || '(no subject)'} (${about})`;
}

/** The day of a time, in UTC. A commit may claim any time. */
export function dayOf(seconds: number): string {
  return isoTime(seconds)?.replace(/T.*/, '') ?? 'unknown day';
}

function amount(commits: number): string {
  return commits === 1 ? '1 commit' : `${commits} commits`;
}

function code(text: string): string {
  return `\`${text}\``;
}
