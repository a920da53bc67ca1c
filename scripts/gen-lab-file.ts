import { labJsonSchema, type JsonSchema } from '../packages/skerry/src/lab-file/json-schema.ts';

const TS_EXAMPLE = `import { defineLab } from 'skerry';

export default defineLab({
  name: 'archipelago',
  memory: '1 GiB',
  network: { cidr: '10.77.3.0/24', domain: 'archipelago.test' },
  machines: {
    central_server: { primary: true, address: '10.77.3.10', forwards: { 8080: 80 } },
    agent_1: { nested: true, cpus: 2, disks: { data: '10 GiB' } },
    agent_2: { nested: true, cpus: 2, disks: { data: '10 GiB' } },
    observer: { autostart: false, memory: 512 },
  },
});`;

const YAML_EXAMPLE = `# yaml-language-server: $schema=./node_modules/skerry/schema.json
name: archipelago
memory: 1 GiB
network:
  cidr: 10.77.3.0/24
  domain: archipelago.test
machines:
  central_server:
    primary: true
    address: 10.77.3.10
    forwards:
      8080: 80
  agent_1: &agent
    nested: true
    cpus: 2
    disks:
      data: 10 GiB
  agent_2: *agent
  observer:
    autostart: false
    memory: 512`;

const INTRO = `# The lab file

<!-- Made by \`npm run gen\` from packages/skerry/src/lab-file/schema.ts: change it there. -->

A lab is described by one file, \`skerry.config\` with the ending \`.ts\`, \`.js\`, \`.mjs\`, \`.json\`, \`.yaml\` or \`.yml\`.
Commands use the one in the current folder or in the nearest folder above it; \`--lab\` names another folder or file.
\`skerry validate\` checks it and says everything that is wrong at once.

In TypeScript and JavaScript the file exports the lab by default (or a promise of it), and may compute it. It needs no
\`node_modules\`: \`import 'skerry'\` always means the Skerry that reads the file. JSON may name its schema in \`$schema\`.

## Example

\`\`\`ts
${TS_EXAMPLE}
\`\`\`

The same in YAML:

\`\`\`yaml
${YAML_EXAMPLE}
\`\`\`
`;

const OUTRO = `## Sizes

A size is a number, a space, and \`MiB\`, \`GiB\` or \`TiB\` (1024 MiB are 1 GiB): \`512 MiB\`, \`1.5 GiB\`. Memory may also be a
plain number, which is in MiB, and is 64 MiB at least.

## Names

The name of a machine is its host name, in lower case and with \`-\` for each \`_\`: \`agent_1\` is \`agent-1.<domain>\`, and
\`agent_1\` resolves to it too. So \`agent_1\` and \`agent-1\` cannot be in one lab. Names have letters, digits, \`-\` and \`_\`, a
letter or digit at both ends, and at most 63 characters; a bare number is no name.

## Addresses

The network, the addresses and the MACs are derived from the names of lab and machines: the same file gives the same
addresses everywhere, and a machine added at the end moves no other. The first host address (\`.1\`) is the gateway, with
DHCP and DNS. Each lab is in a box of its own, so two labs may have the same network. An \`address\` set in the file must be
inside \`network.cidr\`; it goes before derived ones. A \`cidr\` is between \`/16\` and \`/30\`.

## Lists instead of names

\`disks\` and \`forwards\` take an object or a list. Disks in a list that have no name are \`disk1\`, \`disk2\` and so on by their
place. A machine's \`disks\` replace those of the lab.
`;

const TITLES = [
  ...[
    'network',
    'disk',
    'forward',
    'source',
    'tree',
    'provisioner',
    'shell',
    'file',
    'puppet',
    'ansible',
  ],
  ...['cloudInit', 'trigger', 'daemon', 'build', 'probe'],
];

/** docs/reference/lab-file.md: every object of a lab file as a table, made from its schema. */
export function labFilePage(): string {
  const lab = labJsonSchema();
  const machine = find(lab, 'machine');
  const fields = (schema: JsonSchema, but: JsonSchema = {}): string[] =>
    Object.keys(schema.properties ?? {}).filter(
      (name) => name !== '$schema' && !(name in (but.properties ?? {})),
    );
  const shared = fields(lab).filter((name) => name in (machine.properties ?? {}));
  return [
    INTRO,
    '## The lab\n',
    table(lab, fields(lab, machine)),
    '## Machine\n',
    'These fields may also be set on the lab, for every machine that does not set them itself.\n',
    table(machine, shared),
    'And these on a machine only.\n',
    table(machine, fields(machine, lab)),
    ...TITLES.flatMap((title) => {
      const schema = find(lab, title);
      return [`## \`${title}\`\n`, `${schema.description ?? ''}\n`, table(schema, fields(schema))];
    }),
    OUTRO,
  ].join('\n');
}

function table(object: JsonSchema, names: readonly string[]): string {
  const rows = names.map((name) => {
    const schema = object.properties?.[name] ?? {};
    const fallback =
      'default' in schema
        ? code(schema.default)
        : object.required?.includes(name)
          ? 'required'
          : '';
    const example = schema.examples?.map(code).join(' or ') ?? '';
    return `| \`${name}\` | ${typeOf(schema)} | ${fallback} | ${schema.description ?? ''} | ${example} |`;
  });
  return [
    '| field | type | default | meaning | example |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function typeOf(schema: JsonSchema): string {
  if (schema.title !== undefined && schema.title !== 'lab')
    return `[${schema.title}](#${schema.title.toLowerCase()})`;
  if (schema.anyOf)
    return schema.anyOf
      .filter(({ type }) => type !== 'null')
      .map(typeOf)
      .join(' or ');
  if (schema.enum) return schema.enum.map(code).join(' or ');
  if (schema.type === undefined) return 'anything';
  if (schema.type === 'array') return `list of (${typeOf(schema.items ?? {})})`;
  if (schema.type === 'integer') return `${schema.minimum ?? ''}–${schema.maximum ?? ''}`;
  if (typeof schema.additionalProperties === 'object')
    return `object of ${typeOf(schema.additionalProperties)}`;
  if (schema.pattern?.includes('GiB')) return '[size](#sizes)';
  if (schema.pattern?.startsWith('^[A-Za')) return '[name](#names)';
  return schema.type === 'string' ? 'text' : (schema.type ?? '');
}

function find(schema: JsonSchema, title: string): JsonSchema {
  return search(schema, title) ?? {};
}

function search(schema: JsonSchema, title: string): JsonSchema | undefined {
  if (schema.title === title) return schema;
  const inner = [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? [])];
  if (schema.items) inner.push(schema.items);
  if (typeof schema.additionalProperties === 'object') inner.push(schema.additionalProperties);
  for (const child of inner) {
    const found = search(child, title);
    if (found) return found;
  }
  return undefined;
}

/** A value as a lab file in TypeScript has it. */
function code(value: unknown): string {
  return `\`${literal(value)}\``;
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value.replaceAll('\n', String.raw`\n`)}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, v]) => `${key}: ${literal(v)}`);
  return `{ ${entries.join(', ')} }`;
}
