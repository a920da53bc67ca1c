import type { PuppetConfig } from '../lab-file/config-provision.ts';
import type { SkerryError } from '../util/errors.ts';
import { provisionFailure } from './failure.ts';
import { badNames, puppetCommand } from './puppet-command.ts';
import { type PuppetGuest, lookAround, readReport } from './puppet-guest.ts';
import { exitMeaning, isSuccess, type PuppetError } from './puppet-messages.ts';
import {
  environmentManifest,
  hostPathMapper,
  type HostPathMapper,
  type PuppetPaths,
  puppetPaths,
} from './puppet-paths.ts';
import { pushPuppet } from './puppet-push.ts';
import { parseReport, type PuppetReport, type ReportedResource } from './puppet-report.ts';
import { applyPuppet, type PuppetRun } from './puppet-run.ts';
import type { ProvisionOutcome, ProvisionTarget } from './target.ts';

/** How many failures one error tells of. */
const TOLD = 5;

/**
 * `puppet apply` with the options, order and exit codes of Vagrant's provisioner.
 * @throws PROVISION_FAILED naming the resource or the mistake, with file and line of this host
 */
export async function runPuppet(
  provisioner: string,
  config: PuppetConfig,
  target: ProvisionTarget,
): Promise<ProvisionOutcome> {
  const paths = puppetPaths(target.lab.dir, config);
  const mapper = hostPathMapper(target.lab.dir, paths);
  const fail = (reason: string, at?: PuppetError): SkerryError => {
    const file = at?.file === undefined ? undefined : mapper.absolute(at.file);
    return provisionFailure({
      ...{ provisioner, target, reason: mapper.text(reason) },
      ...(file !== undefined && { at: { file, line: at?.line ?? 1, column: at?.column ?? 1 } }),
    });
  };
  const bad = badNames(config);
  if (bad.length > 0)
    throw fail(`these cannot be names of environment variables: ${bad.join(', ')}`);
  await pushPuppet(provisioner, target, config, paths);
  const guest = await lookAround(target, config, paths);
  const obstacle = obstacleOf(guest, paths);
  if (obstacle !== undefined) throw fail(obstacle);
  const command = puppetCommand({
    ...{ config, paths, binaryPath: guest.binaryPath },
    manifest: manifestOf(guest, paths),
  });
  const run = await applyPuppet(target, config, command, (line) =>
    target.onLine(mapper.text(line)),
  );
  const text = await readReport(target, config, guest.startedAt);
  const report = text === undefined ? undefined : parseReport(text);
  if (!run.isTimeOut && isSuccess(run.exitCode)) return outcome(report, run, mapper);
  throw fail(...failureOf(run, report, mapper));
}

function obstacleOf(
  { binary, binaryPath, missing }: PuppetGuest,
  { vmFolders }: PuppetPaths,
): string | undefined {
  if (binary === 'none')
    return `there is no program puppet in the machine${binaryPath === undefined ? '' : `, neither in ${binaryPath} nor in /opt/puppetlabs/bin`}`;
  const lost = vmFolders.filter((folder) => missing.includes(folder));
  return lost.length === 0 ? undefined : `not in the machine: ${lost.join(', ')}`;
}

function manifestOf(guest: PuppetGuest, { environments, manifestInGuest }: PuppetPaths): string {
  if (manifestInGuest !== undefined) return guest.manifest ?? manifestInGuest;
  return environments ? environmentManifest(guest.environmentConf, environments) : '';
}

function outcome(
  report: PuppetReport | undefined,
  run: PuppetRun,
  mapper: HostPathMapper,
): ProvisionOutcome {
  if (!report)
    return {
      changed: run.exitCode === 0 ? 0 : undefined,
      summary: run.exitCode === 0 ? 'nothing to change' : 'resources changed',
      changes: [],
    };
  const changed = report.changed.length;
  return {
    changed,
    summary:
      changed === 0
        ? 'nothing to change'
        : `${changed} ${changed === 1 ? 'resource' : 'resources'} changed`,
    changes: report.changed.map((one) => {
      const place = placeOf(one, mapper);
      const what = one.message === '' ? one.name : `${one.name}: ${mapper.text(one.message)}`;
      return { what, ...(place !== undefined && { place }) };
    }),
  };
}

/** What went wrong, all of it, and where the first of it is. */
function failureOf(
  run: PuppetRun,
  report: PuppetReport | undefined,
  mapper: HostPathMapper,
): [reason: string, at: PuppetError | undefined] {
  const failed = report?.failed ?? [];
  const resources = failed.length > 0 || !run.isTimeOut ? failed : unfinished(report);
  if (resources.length > 0) {
    const [first] = resources;
    const list = resources.slice(0, TOLD).map((one) => formatFailure(one, mapper));
    const more = resources.length - list.length;
    if (more > 0) list.push(`and ${more} more`);
    const skipped = report?.skipped ?? 0;
    if (skipped > 0 && !run.isTimeOut) list.push(`left out because of that: ${skipped}`);
    const head = run.isTimeOut ? `${timeOut(run)}, at ` : '';
    return [head + list.join('\n  '), first && toError(first)];
  }
  const error = run.errors.find(({ file }) => file !== undefined);
  const messages = [...new Set(run.errors.map((one) => formatError(one, mapper)))].slice(0, TOLD);
  if (run.isTimeOut) return [[timeOut(run), ...messages].join('\n  '), error];
  if (messages.length > 0) return [messages.join('\n  '), error];
  const end = run.exitCode === undefined ? `ended by ${run.signal}` : exitMeaning(run.exitCode);
  return [[end, ...run.tail].join('\n  '), undefined];
}

function timeOut({ seconds }: PuppetRun): string {
  return `not done within its timeout of ${seconds} s`;
}

function unfinished(report: PuppetReport | undefined): readonly ReportedResource[] {
  return report?.unfinished ? [report.unfinished] : [];
}

function formatFailure(resource: ReportedResource, mapper: HostPathMapper): string {
  const place = placeOf(resource, mapper);
  const where = place === undefined ? '' : ` (${place})`;
  return `${resource.name}${where}${resource.message === '' ? '' : `: ${resource.message}`}`;
}

function formatError({ message, file, line }: PuppetError, mapper: HostPathMapper): string {
  return file === undefined ? message : `${message} (${mapper.short(file)}:${line})`;
}

function placeOf({ file, line }: ReportedResource, mapper: HostPathMapper): string | undefined {
  return file === undefined
    ? undefined
    : `${mapper.short(file)}${line === undefined ? '' : `:${line}`}`;
}

function toError({ message, file, line }: ReportedResource): PuppetError {
  return { message, ...(file !== undefined && { file }), ...(line !== undefined && { line }) };
}
