import { parseDocument } from 'yaml';

/** A resource that a run changed, or failed to. */
export interface ReportedResource {
  /** Such as `File[/etc/motd]`. */
  readonly name: string;
  /** In the machine. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** What happened, or why it failed. */
  readonly message: string;
}

export interface PuppetReport {
  readonly changed: readonly ReportedResource[];
  readonly failed: readonly ReportedResource[];
  /** How many were left out; of a run that failed, because what they require failed. */
  readonly skipped: number;
  /** The one that a run was at when it was ended. */
  readonly unfinished: ReportedResource | undefined;
}

/**
 * Reads puppet's report (last_run_report.yaml, formats 10 to 12). Ruby's tags say nothing we need.
 * Undefined for what is no report. Pure.
 */
export function parseReport(text: string): PuppetReport | undefined {
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
  if (document.errors.length > 0) return undefined;
  const report = asObject(document.toJS({ maxAliasCount: -1 }));
  const logs = asList(report.logs).map(asObject);
  const statuses = Object.entries(asObject(report.resource_statuses)).map(
    ([name, status]) => [name, asObject(status)] as const,
  );
  const pick = (key: string): (readonly [string, Fields])[] =>
    statuses.filter(([, status]) => status[key] === true);
  const failed = statuses.filter(
    ([, status]) => status.failed === true || status.failed_to_restart === true,
  );
  const unfinished = statuses.find(
    ([, { evaluation_time: took, skipped }]) => typeof took !== 'number' && skipped !== true,
  );
  return {
    changed: pick('changed')
      .filter(([, status]) => status.failed !== true)
      .map(([name, status]) => reported(name, status, eventsOf(status, 'success'))),
    failed: failed.map(([name, status]) => {
      const events = eventsOf(status, 'failure');
      return reported(name, status, events.length > 0 ? events : errorsOf(logs, name));
    }),
    skipped: pick('skipped').length,
    unfinished: unfinished && reported(unfinished[0], unfinished[1], []),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function reported(
  name: string,
  { file, line }: Fields,
  messages: readonly string[],
): ReportedResource {
  return {
    name,
    file: typeof file === 'string' ? file : undefined,
    line: typeof line === 'number' ? line : undefined,
    message: messages.join('; '),
  };
}

function eventsOf({ events }: Fields, wanted: string): string[] {
  return asList(events)
    .map(asObject)
    .filter(({ status }) => status === wanted)
    .map(({ message }) => asText(message))
    .filter((message) => message !== '');
}

/** A failure before any property was looked at is only in the log. */
function errorsOf(logs: readonly Fields[], resource: string): string[] {
  return logs
    .filter(({ level, source }) => /err/.test(asText(level)) && asText(source).includes(resource))
    .map(({ message }) => asText(message));
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asObject(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
