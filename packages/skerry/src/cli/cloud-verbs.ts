// `skerry vm` and `skerry hypervisor`: a subcommand for each verb of the table, by central's REST API.
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import type { HypervisorState, VmState } from '../cloud/entity.ts';
import type { Verb } from '../cloud/verbs/verb.ts';
import type { VerbTable } from '../cloud/verbs/table.ts';
import { formatMiB } from './amounts.ts';
import { askCloud } from './cloud-words.ts';
import { interruptible, printJson, sentence, withExample, withJson } from './common.ts';
import { formatTable } from './table.ts';

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

function addVerb(command: Command, kind: Kind, verb: Verb): void {
  const name = kind === 'vm' ? 'vm' : 'hypervisor';
  const sub = command
    .command(verb.command)
    .description(sentence(verb.summary))
    .argument(`<${name}>`, kind === 'vm' ? 'its name or uuid' : 'its name');
  const fields = fieldsOf(verb);
  for (const [key, schema] of fields) sub.addOption(optionOf(key, schema));
  withJson(sub).action((target: string, options: Record<string, unknown>) =>
    runVerb(kind, verb, target, options),
  );
  const example = kind === 'vm' ? 'web' : 'hv1';
  const needed = fields.filter(([, schema]) => !schema.safeParse(undefined).success);
  const words = needed.map(([key]) => `--${dashed(key)} ${key.toUpperCase()}`);
  withExample(sub, ['$ skerry', kind, verb.command, example, ...words].join(' '));
}

function fieldsOf(verb: Verb): [string, z.ZodType][] {
  return Object.entries(verb.params.shape) as [string, z.ZodType][];
}

/** `--memory-mib <value>`; for a yes or no, the option alone. */
function optionOf(key: string, schema: z.ZodType): Option {
  const isNeeded = !schema.safeParse(undefined).success;
  const isYes = schema.safeParse(true).success && !schema.safeParse('text').success;
  const isMany = schema.safeParse([]).success;
  const description = schema.description ?? '';
  const flag = `--${dashed(key)}`;
  // What is on unless it is said is switched off by --no-.
  if (isYes)
    return schema.safeParse(undefined).data === true
      ? new Option(`--no-${dashed(key)}`, 'switch it off')
      : new Option(flag, description.toLowerCase());
  const value = isMany ? '[words...]' : '<value>';
  return new Option(`${flag} ${value}`, lowerFirst(description)).makeOptionMandatory(isNeeded);
}

async function runVerb(
  kind: Kind,
  verb: Verb,
  target: string,
  { json, ...options }: Record<string, unknown>,
): Promise<void> {
  const signal = interruptible('the cloud goes on with what it has begun');
  const params = Object.fromEntries(
    fieldsOf(verb).flatMap(([key, schema]): [string, unknown][] => {
      const value = options[optionOf(key, schema).attributeName()];
      return value === undefined ? [] : [[key, valueOf(schema, value)]];
    }),
  );
  const path = `/${COLLECTIONS[kind]}/${encodeURIComponent(target)}/${verb.name}`;
  const result = await askCloud(`skerry ${kind} ${verb.command}`, 'POST', path, params, signal);
  if (json) printJson(result);
  else console.log(inWords(verb, target, result));
}

/** A number where one is wanted; `@FILE` where a text may be long. */
function valueOf(schema: z.ZodType, value: unknown): unknown {
  if (typeof value !== 'string') return value === true && schema.safeParse([]).success ? [] : value;
  const number = Number(value);
  return value !== '' && !Number.isNaN(number) && schema.safeParse(number).success ? number : value;
}

function inWords(verb: Verb, target: string, result: unknown): string {
  const values = Object.entries((result ?? {}) as Record<string, unknown>);
  const [only] = values;
  if (!only) return `${verb.title}: ${target}, done.`;
  if (values.length === 1 && typeof only[1] === 'string') return only[1];
  if (values.length === 1 && Array.isArray(only[1])) return rowsOf(only[1]);
  return values.map(([key, value]) => `${key}: ${textOf(value)}`).join('\n');
}

function rowsOf(rows: readonly unknown[]): string {
  const [first] = rows;
  if (first === undefined) return 'none';
  if (typeof first !== 'object' || first === null) return rows.map(textOf).join('\n');
  const keys = Object.keys(first);
  const cells = rows.map((row) => keys.map((key) => textOf((row as Record<string, unknown>)[key])));
  return formatTable(
    keys.map((key) => key.toUpperCase()),
    cells,
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function runList(kind: Kind, options: { json?: boolean }): Promise<void> {
  const path = `/${COLLECTIONS[kind]}`;
  const found = await askCloud(`skerry ${kind} list`, 'GET', path, undefined, interruptible());
  if (options.json) return printJson(found);
  const rows =
    kind === 'vm'
      ? (found as VmState[]).map((vm) => [
          vm.name,
          vm.task ? `${vm.state} (${vm.task.verb} by ${vm.task.by})` : vm.state,
          vm.hypervisor,
          formatMiB(vm.memoryMiB * 1024 ** 2),
          String(vm.vcpus),
          vm.tags.join(' '),
        ])
      : (found as HypervisorState[]).map((host) => [
          host.name,
          host.libvirt,
          String(host.cpus),
          formatMiB(host.memoryMiB * 1024 ** 2),
          host.drained ? 'drained' : '',
          host.tags.join(' '),
        ]);
  const head =
    kind === 'vm'
      ? ['NAME', 'STATE', 'HYPERVISOR', 'MEMORY', 'CPUS', 'TAGS']
      : ['NAME', 'LIBVIRT', 'CPUS', 'MEMORY', '', 'TAGS'];
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

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
