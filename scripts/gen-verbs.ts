// docs/reference/verbs.md, from the verb table.
import { schemaOf } from '../packages/skerry/src/cloud/central/http/openapi.ts';
import { VERBS } from '../packages/skerry/src/cloud/verbs/table.ts';
import type { EntityKind, Verb } from '../packages/skerry/src/cloud/verbs/verb.ts';

const KINDS: readonly (readonly [EntityKind, string, string])[] = [
  ['vm', 'Machines', 'POST /api/v1/vms/NAME/VERB'],
  ['hypervisor', 'Hypervisors', 'POST /api/v1/hypervisors/NAME/VERB'],
  ['central', 'The cloud', 'POST /api/v1/central/VERB'],
];
const DANGERS = {
  reads: 'it only reads',
  changes: 'it changes something that can be changed back',
  disrupts: 'it disrupts what runs',
  destroys: 'what it takes away is gone',
} as const;

/** The page as Markdown. */
export function verbsPage(table = VERBS): string {
  const parts = KINDS.map(([kind, title, path]) =>
    [`## ${title}`, '', `By REST: \`${path}\`.`, '', ...table.of(kind).map(section)].join('\n'),
  );
  return `# Verbs of the cloud

<!-- Made by \`npm run gen\` from packages/skerry/src/cloud/verbs: change it there. -->

What can be done with the machines and hypervisors of a cloud. Each verb is a command, a REST call, a button of the web UI and,
where it says so, words that one can say to the entity in a chat. Its permission has Archipel's name.

${parts.join('\n')}`;
}

function section(verb: Verb): string {
  const { name, entity, command, summary, permission, danger, chat, programs, states, open } = verb;
  const says = chat
    ? `- chat: ${chat.words.map((words) => `“${words}”`).join(', ')}${takes(verb)}\n`
    : '';
  const cli = programs
    ? ''
    : `- command: \`skerry ${entity === 'central' ? 'cloud' : entity} ${command}\`\n`;
  const when = states ? `- when it is: ${states.join(', ')}\n` : '';
  return `### ${entity}: ${name}

${summary[0]?.toUpperCase()}${summary.slice(1)}.

- permission: ${open ? 'none for what is your own; else ' : ''}\`${permission}\`; ${DANGERS[danger]}
${cli}${says}${when}${parameters(verb)}`;
}

function takes({ chat }: Verb): string {
  return chat?.takes ? `, then ${chat.takes.join(' and ')}` : '';
}

function parameters({ params }: Verb): string {
  const schema = schemaOf(params, 'input') as {
    properties?: Record<string, { description?: string; type?: string; default?: unknown }>;
    required?: string[];
  };
  const rows = Object.entries(schema.properties ?? {}).map(
    ([name, { description, type, default: value }]) => {
      const needed = schema.required?.includes(name) ? ', needed' : '';
      const usual = value === undefined ? '' : `, default ${JSON.stringify(value)}`;
      return `  - \`${name}\` (${type ?? 'any'}${needed}${usual})${description ? `: ${description}` : ''}\n`;
    },
  );
  return rows.length === 0 ? '' : `- parameters:\n${rows.join('')}`;
}
