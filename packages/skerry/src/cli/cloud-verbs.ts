// `skerry vm`, `skerry hypervisor` and the verbs of `skerry cloud`: a subcommand for each verb of the table, by central's
// REST API.
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import type { HypervisorState, VmState } from '../cloud/entity.ts';
import type { EntityKind, Verb } from '../cloud/verbs/verb.ts';
import type { VerbTable } from '../cloud/verbs/table.ts';
import { formatMiB } from './amounts.ts';
import { answerInWords } from './cloud-answer.ts';
import { SkerryError } from '../util/errors.ts';
import { EXIT } from '../util/error-row.ts';
import { messageOf } from '../util/message-of.ts';
import { askCloud } from './cloud-words.ts';
import { interruptible, printJson, sentence, withExample, withJson } from './common.ts';
import { confirm } from './confirm.ts';
import { formatTable } from './table.ts';
import { exampleOf } from './verb-example.ts';

/** Characters from which on a text is read from a file; no name or tag is as long. */
const LONG_TEXT = 5000;

const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;

type Kind = 'vm' | 'hypervisor';
const COLLECTIONS = { vm: 'vms', hypervisor: 'hypervisors' } as const;

/** Adds `list` and each verb of a kind to its command. */
export async function defineVerbs(command: Command, kind: Kind, table?: VerbTable): Promise<void> {
  const { VERBS } = await import('../cloud/verbs/table.ts');
  const what = kind === 'vm' ? 'machines' : 'hypervisors';
  const list = command.command('list').description(`List the ${what} of the cloud.`);
  withExample(
    withJson(list).action((options: { json?: boolean }) => runList(kind, options)),
    `$ skerry ${kind} list`,
    `$ skerry ${kind} list --json`,
  );
  for (const verb of (table ?? VERBS).of(kind)) if (!verb.programs) addVerb(command, kind, verb);
}

/** Adds the verbs of central: `user add` is `add` of the group `user`. */
export async function defineCentralVerbs(command: Command): Promise<void> {
  const { VERBS } = await import('../cloud/verbs/table.ts');
  for (const verb of VERBS.of('central')) {
    if (verb.programs) continue;
    const [group = '', name] = verb.command.split(' ');
    const parent = name === undefined ? command : groupOf(command, group);
    addVerb(parent, 'central', verb, name ?? group);
  }
}

function groupOf(command: Command, name: string): Command {
  const found = command.commands.find((each) => each.name() === name);
  if (found) return found;
  const summary = GROUPS[name] ?? '';
  const group = command.command(name).summary(summary).description(sentence(summary));
  return withExample(group, `$ skerry cloud ${name} list`);
}

const GROUPS: Readonly<Record<string, string>> = {
  user: 'who may log in to the cloud',
  role: 'what people of a kind may do; a change holds for all who have the role',
  grant: 'what is granted to whom, for one machine, a tag, or everything',
  permission: 'the permissions there are',
  token: 'the tokens with which programs log in',
};

function addVerb(command: Command, kind: EntityKind, verb: Verb, name = verb.command): void {
  const sub = command.command(name).description(sentence(verb.summary));
  if (kind === 'central') sub.summary(verb.summary);
  else sub.argument(`<${kind}>`, kind === 'vm' ? 'its name or uuid' : 'its name');
  const fields = fieldsOf(verb);
  for (const [key, schema] of fields)
    if (verb.takes?.includes(key))
      sub.argument(`<${dashed(key)}>`, lowerFirst(schema.description ?? ''));
    else if (!isSecret(schema)) sub.addOption(optionOf(key, schema));
    else if (!isNeeded(schema))
      sub.option(`--${dashed(key)}`, 'read it from standard input, as a line');
  // What is gone then is asked for, as `skerry destroy` does.
  if (verb.danger === 'destroys') sub.option('-y, --yes', 'do not ask');
  withJson(sub).action((...given: unknown[]) => runVerb(kind, verb, given));
  const needed = fields.filter(([key, schema]) => isNeeded(schema) && !verb.takes?.includes(key));
  const isHidden = (field: (typeof fields)[number]): boolean => isSecret(field[1]);
  const example = exampleOf({
    kind,
    command: verb.command,
    words: verb.takes ?? [],
    options: needed
      .filter((field) => !isHidden(field))
      .map(([key]) => [`--${dashed(key)}`, key] as const),
    isSecret: needed.some(isHidden),
  });
  withExample(sub, example);
}

function isNeeded(schema: z.ZodType): boolean {
  return !schema.safeParse(undefined).success;
}

/** What is read from standard input, as all can see a command's words. */
function isSecret(schema: z.ZodType): boolean {
  const inner = schema.type === 'optional' ? (schema as z.ZodOptional<z.ZodType>).unwrap() : schema;
  return [schema, inner].some((each) => each.meta()?.['format'] === 'password');
}

function fieldsOf(verb: Verb): [string, z.ZodType][] {
  return Object.entries(verb.params.shape) as [string, z.ZodType][];
}

/** `--memory-mib <value>`; for a yes or no, the option alone. */
function optionOf(key: string, schema: z.ZodType): Option {
  const isYes = schema.safeParse(true).success && !schema.safeParse('text').success;
  const isMany = schema.safeParse([]).success;
  const description = schema.description ?? '';
  const flag = `--${dashed(key)}`;
  // What is on unless it is said is switched off by --no-.
  if (isYes)
    return schema.safeParse(undefined).data === true
      ? new Option(`--no-${dashed(key)}`, 'switch it off')
      : new Option(flag, lowerFirst(description));
  const isText = isLong(schema);
  const value = isRecord(schema) ? '<name=value...>' : isText ? '<file>' : '<value>';
  const words = lowerFirst(description) + (isText ? '; - reads standard input' : '');
  return new Option(`${flag} ${isMany ? '[words...]' : value}`, words).makeOptionMandatory(
    isNeeded(schema),
  );
}

/** @param given what commander gives: the arguments, the options, the command. */
async function runVerb(kind: EntityKind, verb: Verb, given: readonly unknown[]): Promise<void> {
  const signal = interruptible('the cloud goes on with what it has begun');
  const { json, yes, ...options } = given.at(-2) as Record<string, unknown>;
  const words = given.slice(0, -2) as string[];
  const target = kind === 'central' ? undefined : words.shift();
  const taken = Object.fromEntries((verb.takes ?? []).map((key, at) => [key, words[at]]));
  const fields = fieldsOf(verb);
  const command = `skerry ${kind === 'central' ? 'cloud' : kind} ${verb.command}`;
  const plain = fields.flatMap(([key, schema]): [string, unknown][] => {
    if (isSecret(schema)) return [];
    const value = taken[key] ?? options[optionOf(key, schema).attributeName()];
    if (value === undefined) return [];
    if (isLong(schema))
      return [[key, checked(key, schema, readLong(value as string, command), command)]];
    return [[key, key === 'at' ? withZone(value as string) : valueOf(schema, value, command)]];
  });
  if (verb.danger === 'destroys' && yes !== true)
    await confirm(
      `${[verb.title, target, ...words].filter(Boolean).join(' ')}: ${verb.summary}. Go on?`,
      command,
    );
  const params = {
    ...Object.fromEntries(plain),
    ...(await secretsOf(fields, options, command, signal)),
  };
  const collection = kind === 'central' ? 'central' : COLLECTIONS[kind];
  const path = [collection, ...(target === undefined ? [] : [target]), verb.name]
    .map((part) => `/${encodeURIComponent(part)}`)
    .join('');
  const result = await askCloud(command, 'POST', path, params, signal);
  if (json) printJson(result);
  else console.log(answerInWords(verb, target ?? words.join(' '), result, params));
  if (isPartial(result)) process.exitCode = EXIT.failure;
}

/** Of many machines some stay where they are; a script wants to know. */
function isPartial(result: unknown): boolean {
  const rows = Object.values(result ?? {})
    .filter(Array.isArray)
    .flat() as unknown[];
  return rows.some((row) =>
    String((row as { outcome?: unknown } | null)?.outcome).startsWith('stays'),
  );
}

/** The secrets that are needed, and those that an option says will come. */
async function secretsOf(
  fields: readonly [string, z.ZodType][],
  options: Readonly<Record<string, unknown>>,
  command: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const asked = fields
    .filter(([key, schema]) => isSecret(schema) && (isNeeded(schema) || options[key] === true))
    .map(([key]) => key);
  if (asked.length === 0) return {};
  const { readSecrets } = await import('./read-secrets.ts');
  const questions = asked.map((key) => sentence(dashed(key).replaceAll('-', ' ')).slice(0, -1));
  const secrets = await readSecrets(questions, signal);
  if (secrets.length < asked.length) {
    const detail = `nothing was read for: ${questions.slice(secrets.length).join(', ')}`;
    throw new SkerryError('USAGE', { data: { detail, command } });
  }
  return Object.fromEntries(secrets.map((secret, at) => [asked[at] ?? '', secret]));
}

/** XML, which may have passwords in it: arguments are seen by others. */
function isLong(schema: z.ZodType): boolean {
  return schema.safeParse(' '.repeat(LONG_TEXT)).success;
}

/** @param path of a file; `-` is standard input */
function readLong(path: string, command: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    const detail = `'${path}' cannot be read: ${messageOf(cause)}`;
    throw new SkerryError('USAGE', { data: { detail, command }, cause });
  }
}

/** What is wrong does not leave this computer: a private key, by a slip. */
function checked(key: string, schema: z.ZodType, text: string, command: string): string {
  const { error } = schema.safeParse(text);
  if (!error) return text;
  const detail = `--${dashed(key)}: ${error.issues.map(({ message }) => message).join('; ')}`;
  throw new SkerryError('USAGE', { data: { detail, command } });
}

/** Without a zone a time is one of whoever typed it; central may be elsewhere. Cron, and what is no time, is left as it is. */
function withZone(at: string): string {
  const time = LOCAL_TIME.test(at) ? new Date(at) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time.toISOString() : at;
}

/** A number where one is wanted. */
function valueOf(schema: z.ZodType, value: unknown, command: string): unknown {
  if (isRecord(schema))
    return Object.fromEntries((value as string[]).map((word) => pairOf(word, command)));
  if (typeof value !== 'string') return value === true && schema.safeParse([]).success ? [] : value;
  const number = Number(value);
  if (value === '' || Number.isNaN(number)) return value;
  const { error } = schema.safeParse(number);
  // One that is too small is a number all the same.
  return error?.issues.some(({ code }) => code === 'invalid_type') ? value : number;
}

function isRecord(schema: z.ZodType): boolean {
  return schema.safeParse({}).success && !schema.safeParse([]).success;
}

/** @example pairOf('memoryMiB=64', 'skerry vm schedule') // ['memoryMiB', 64] */
function pairOf(word: string, command: string): [string, unknown] {
  const at = word.indexOf('=');
  if (at < 1)
    throw new SkerryError('USAGE', { data: { detail: `'${word}' is no NAME=VALUE`, command } });
  const [name, text] = [word.slice(0, at), word.slice(at + 1)];
  try {
    return [name, JSON.parse(text)];
  } catch {
    return [name, text];
  }
}

async function runList(kind: Kind, options: { json?: boolean }): Promise<void> {
  const path = `/${COLLECTIONS[kind]}`;
  const found = await askCloud(`skerry ${kind} list`, 'GET', path, undefined, interruptible());
  if (options.json) return printJson(found);
  const { addressesOf } = await import('../cloud/entity.ts');
  const rows =
    kind === 'vm'
      ? (found as VmState[]).map((vm) => [
          vm.name,
          vm.task ? `${vm.state} (${vm.task.verb} by ${vm.task.by})` : vm.state,
          vm.hypervisor,
          addressesOf(vm)[0] ?? '-',
          formatMiB(vm.memoryMiB * 1024 ** 2),
          String(vm.vcpus),
          vm.tags.join(' '),
        ])
      : (found as HypervisorState[]).map((host) => [
          host.name,
          host.libvirt,
          String(host.cpus),
          formatMiB(host.memoryMiB * 1024 ** 2),
          host.drained ? 'yes' : '-',
          host.tags.join(' '),
        ]);
  const head =
    kind === 'vm'
      ? ['NAME', 'STATE', 'HYPERVISOR', 'ADDRESS', 'MEMORY', 'CPUS', 'TAGS']
      : ['NAME', 'LIBVIRT', 'CPUS', 'MEMORY', 'DRAINED', 'TAGS'];
  const none =
    kind === 'vm' ? 'No machines. Make one: skerry hypervisor create-vm hv1' : 'No hypervisors.';
  console.log(rows.length === 0 ? none : formatTable(head, rows.toSorted(byFirst)));
}

function byFirst(a: readonly string[], b: readonly string[]): number {
  return (a[0] ?? '').localeCompare(b[0] ?? '');
}

function dashed(name: string): string {
  return name.replace(/MiB|GiB|[A-Z]/g, (part) => `-${part.toLowerCase()}`);
}

/** Not of `MiB` or `XML`. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]+\b/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
