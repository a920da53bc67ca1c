import type { Environment } from './environment.ts';
import type { Result } from './stats.ts';

/** All a run of a bench found, as --json prints it. */
export interface Report {
  readonly bench: string;
  readonly description: string;
  readonly runs: number;
  readonly environment: Environment;
  readonly facts: Readonly<Record<string, string>>;
  /** Output of commands by title. */
  readonly attachments: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}

const HEADS = ['what', 'Skerry', 'peer', 'ratio', 'goal', ''] as const;

export function formatText(report: Report): string {
  const rows = [HEADS, ...report.results.map(cells)];
  const widths = HEADS.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const texts = Object.entries(report.attachments).flatMap(([title, text]) => ['', title, text]);
  return [
    ...[`${report.bench}: ${report.description}`, '', ...lines, ''],
    ...origin(report),
    ...texts,
  ].join('\n');
}

export function formatMarkdown(report: Report): string {
  const rows = report.results.map((result) => `| ${cells(result).join(' | ')} |`);
  const texts = Object.entries(report.attachments).flatMap(([title, text]) => [
    ...['', `${title}:`, '', '```text', text, '```'],
  ]);
  return [
    `| ${HEADS.join(' | ')} |`,
    '|---|--:|--:|--:|--:|---|',
    ...rows,
    '',
    ...origin(report).map((line) => `- ${line}`),
    ...texts,
  ].join('\n');
}

function cells(result: Result): string[] {
  const { what, unit, skerryMedian, peerMedian, peerName, ratio, goal, atMost, isMet } = result;
  const goals = [
    ...(goal === undefined ? [] : [`${goal}x`]),
    ...(atMost === undefined ? [] : [`< ${atMost} ${unit}`]),
  ];
  return [
    what,
    `${formatNumber(skerryMedian)} ${unit}`,
    peerMedian === undefined ? '' : `${formatNumber(peerMedian)} ${unit} (${peerName ?? 'peer'})`,
    ratio === undefined ? '' : `${formatNumber(ratio)}x`,
    goals.join(', '),
    isMet === undefined ? '' : isMet ? 'met' : 'missed',
  ];
}

function origin({ runs, environment: at, facts }: Report): string[] {
  return [
    `medians of ${runs}; commit ${at.commit}, ${at.date.slice(0, 16).replace('T', ' ')} UTC`,
    `${at.cores} cores of ${at.cpu}, ${at.memoryGiB} GiB, ${at.system}, kernel ${at.kernel}, Node ${at.node}`,
    `load of the machine before: ${at.loadBefore}`,
    ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`),
  ];
}

/** Three digits that say something: 0.31, 3.1, 31, 312. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '?';
  const size = Math.abs(value);
  return value.toFixed(size < 1 ? 2 : size < 20 ? 1 : 0);
}
