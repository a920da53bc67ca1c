import { createHash } from 'node:crypto';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';

/** Where in a machine the definitions of daemons are: in memory, so that a machine that boots has none of them running. */
export const UNIT_DIR = '/run/systemd/system';
/** Their environments, which may hold secrets: readable for root only. */
export const ENV_DIR = '/run/skerry/daemons';

/** A daemon as systemd in a machine has it. */
export interface DaemonUnit {
  readonly daemon: string;
  /** Such as `skerry-api.service`. */
  readonly unit: string;
  /** The unit file and its environment; undefined of a unit that is in the machine anyway. */
  readonly definition: { readonly text: string; readonly env: string } | undefined;
}

/** The unit a daemon runs as. */
export function unitOf({ name, unit }: Pick<DaemonSpec, 'name' | 'unit'>): string {
  if (unit === undefined) return ownUnit(name);
  return /\.(?:service|socket|target|timer|path|mount|slice|scope|device|swap|automount)$/.test(
    unit,
  )
    ? unit
    : `${unit}.service`;
}

/** The unit of a daemon that is a command. */
export function ownUnit(name: string): string {
  return `skerry-${name}.service`;
}

/** The name of the daemon whose unit this is; undefined of a unit that is not ours. */
export function daemonOfUnit(unit: string): string | undefined {
  return /^skerry-(.+)\.service$/.exec(unit)?.[1];
}

export function daemonUnit(spec: DaemonSpec): DaemonUnit {
  const { name, command } = spec;
  const unit = unitOf(spec);
  if (command === undefined) return { daemon: name, unit, definition: undefined };
  const env = formatEnv(spec.env);
  const text = unitText(spec, command);
  const hash = createHash('sha256').update(`${text}\0${env}`).digest('hex').slice(0, 16);
  return { daemon: name, unit, definition: { text: `# definition ${hash}\n${text}`, env } };
}

/** What tells one definition from another: in the first line of a unit file of ours. */
export function definitionOf(text: string): string | undefined {
  return /^# definition ([0-9a-f]+)\n/.exec(text)?.[1];
}

function unitText({ name, cwd, user, stop }: DaemonSpec, command: readonly string[]): string {
  return `# Made by: skerry daemons start ${name}
[Unit]
Description=${escapePercent(name)} (a daemon of Skerry)
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${formatCommand(command)}
${stop === undefined ? '' : `ExecStop=${formatCommand(['/bin/sh', '-c', stop])}\n`}WorkingDirectory=${escapePercent(cwd)}
EnvironmentFile=${ENV_DIR}/${escapePercent(name)}.env
User=${escapePercent(user)}
SyslogIdentifier=${escapePercent(name)}
Restart=on-failure
RestartSec=500ms
KillMode=control-group
TimeoutStopSec=15s
# What a program says that SIGTERM ended in order.
SuccessExitStatus=143
`;
}

/** The colon: systemd puts no variables into it, so that `$` reaches the daemon's own shell. */
function formatCommand(words: readonly string[]): string {
  return `:${words.map(quoteWord).join(' ')}`;
}

/** systemd.syntax(7): in double quotes, with the escapes of C. */
function quoteWord(word: string): string {
  const escaped = escapePercent(word)
    .replace(/[\\"]/g, '\\$&')
    // oxlint-disable-next-line no-control-regex
    .replace(/[\x01-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}

/** systemd.exec(5), EnvironmentFile=: in double quotes everything is itself, newlines too, but for these. */
function formatEnv(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}="${value.replace(/["\\`$]/g, '\\$&')}"\n`)
    .join('');
}
