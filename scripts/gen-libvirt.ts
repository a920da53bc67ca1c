import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eventKinds } from '../packages/libvirt/src/event-decoders.ts';
import { qemuProcedures, remoteProcedures } from '../packages/libvirt/src/procedure-table.ts';
import { type Procedure, procedureInfo } from '../packages/libvirt/src/procedures.ts';

const SOURCES = join(import.meta.dirname, '../packages/libvirt/src');

/** What an object of a class is called in the page. Those of a chain are one object. */
const OBJECTS: readonly (readonly [RegExp, string])[] = [
  [/^(Host|HostObjects|HostResources|Connection)$/, 'conn'],
  [/^DomainSnapshot$/, 'snapshot'],
  [/^DomainCheckpoint$/, 'checkpoint'],
  [/^Domain/, 'domain'],
  [/^Network$/, 'network'],
  [/^NetworkPort$/, 'port'],
  [/^StoragePool$/, 'pool'],
  [/^StorageVolume$/, 'volume'],
  [/^Secret$/, 'secret'],
  [/^NwFilter$/, 'filter'],
  [/^NwFilterBinding$/, 'binding'],
  [/^NodeDevice$/, 'device'],
  [/^HostInterface$/, 'interface'],
];

/** Where a procedure is named outside of a public method. */
const BY_FILE: Readonly<Record<string, string>> = {
  'events.ts': 'conn.events()',
  'handshake.ts': 'connect()',
  'connect.ts': 'connect()',
  'rpc-client.ts': 'conn.close()',
  'managed-migration.ts': 'domain.migrateWith()',
};

/** Words of libvirt's C names that are not only capitalized. */
const WORDS: Readonly<Record<string, string>> = Object.fromEntries(
  ['XML', 'UUID', 'ID', 'DHCP', 'URI', 'CPU', 'SSH', 'NMI', 'PM', 'OS', 'MAC', 'SCSI', 'WWN', 'SEV']
    .map((word) => [word, word])
    .concat([
      ['NWFILTER', 'NWFilter'],
      ['NWFILTERS', 'NWFilters'],
      ['FSFREEZE', 'FSFreeze'],
      ['FSTHAW', 'FSThaw'],
      ['FSTRIM', 'FSTrim'],
      ['FSINFO', 'FSInfo'],
      ['IOTHREAD', 'IOThread'],
    ]),
);

/** Steps of libvirt's protocol that the C library has no function for. */
const INTERNAL = /^(AUTH_|CONNECT_SUPPORTS_FEATURE|DOMAIN_MIGRATE_.*3_PARAMS)/;

const INTRO = `# libvirt's procedures

<!-- Made by \`npm run gen\` from packages/libvirt/src/procedure-table.ts: change it there. -->

What \`@skerry/libvirt\` can call, and events it can give. Each procedure is one typed call away,
\`conn.call('DOMAIN_GET_INFO', { domain: domain.ref })\`; most have a method. *Since* is the libvirt that brought it: an
older daemon answers with code 39. \`?\` may be null or left out, \`[]\` is a list, \`hyper\` is a bigint; \`flags\` may be left
out. Structs are those of [structs.ts](../../packages/libvirt/src/structs.ts).

Left out are procedures that libvirt has replaced by others of this list, the tunnel of a migration led by the client,
security labels, and those that pass file descriptors, which Node cannot: \`DOMAIN_OPEN_GRAPHICS\`,
\`DOMAIN_OPEN_GRAPHICS_FD\`, \`DOMAIN_CREATE_WITH_FILES\`, \`DOMAIN_CREATE_XML_WITH_FILES\`, \`DOMAIN_FD_ASSOCIATE\` and
\`QEMU_DOMAIN_MONITOR_COMMAND_WITH_FILES\`.
`;

/** docs/reference/libvirt.md: every procedure, by theme, and every event. */
export function libvirtPage(): string {
  const methods = methodsByProcedure();
  const table = (names: readonly string[]): string[] => [
    '| procedure | number | since | libvirt | method | arguments | result |',
    '|---|---|---|---|---|---|---|',
    ...names.map((name) => row(name as Procedure, methods.get(name) ?? [])),
    '',
  ];
  return [
    INTRO,
    ...sections().flatMap(([title, names]) => [`## ${capitalize(title)}\n`, ...table(names)]),
    '## QEMU\n',
    "A program of its own beside libvirt's.\n",
    ...table(Object.keys(qemuProcedures)),
    '## Kinds of events\n',
    'For `conn.events({ types })`. The end of the connection is no event: the loop throws, and `conn.closed` settles.\n',
    '| type | of | number | message |',
    '|---|---|---|---|',
    ...eventKinds.map(
      ({ type, family, id, message }) => `| \`${type}\` | ${family} | ${id} | ${message} |`,
    ),
    '',
  ].join('\n');
}

function row(name: Procedure, methods: readonly string[]): string {
  const { number, since, args, result, stream } = procedureInfo(name);
  const arrow = stream === undefined ? '' : `, stream (${stream})`;
  const cells = [
    `\`${name}\``,
    number,
    since,
    INTERNAL.test(name) ? '' : `\`${functionName(name)}\``,
    methods.map((method) => `\`${method}\``).join(', '),
    args === '' ? '' : `\`${args}\``,
    `${result === '' ? '' : `\`${result}\``}${arrow}`.replace(/^, /, ''),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The table's rows by the comments between them. */
function sections(): [string, string[]][] {
  const text = readFileSync(join(SOURCES, 'procedure-table.ts'), 'utf8');
  const found: [string, string[]][] = [];
  for (const [, title, name = ''] of text.matchAll(/^ {2}(?:\/\/ (.*)|([A-Z0-9_]+):)/gm)) {
    if (title !== undefined) found.push([title, []]);
    else if (name in remoteProcedures) found.at(-1)?.[1].push(name);
  }
  return found;
}

/** `DOMAIN_GET_XML_DESC` as `virDomainGetXMLDesc`. */
function functionName(name: string): string {
  const plain = name
    .replace(/^QEMU_DOMAIN_/, 'DOMAIN_QEMU_')
    .replace(/^QEMU_CONNECT_DOMAIN_/, 'CONNECT_DOMAIN_QEMU_')
    .replace('DOMAIN_EVENT_CALLBACK_', 'DOMAIN_EVENT_');
  return `vir${plain
    .split('_')
    .map((word) => WORDS[word] ?? capitalize(word.toLowerCase()))
    .join('')}`;
}

/** The public methods in whose code a procedure is named. */
function methodsByProcedure(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(SOURCES).sort()) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
    let object: string | undefined;
    let method: string | undefined;
    for (const line of readFileSync(join(SOURCES, file), 'utf8').split('\n')) {
      const [, className] = /^export (?:abstract )?class (\w+)/.exec(line) ?? [];
      if (className !== undefined) object = OBJECTS.find(([of]) => of.test(className))?.[1];
      [, method = method] = /^ {2}(?:override )?(?:async )?(\w+)(?:<.*>)?\(/.exec(line) ?? [];
      const place = object === undefined ? undefined : `${object}.${method}()`;
      for (const [, name = ''] of line.matchAll(/'([A-Z0-9]+(?:_[A-Z0-9]+)+)'/g)) {
        const by = BY_FILE[basename(file)] ?? (/^ {2}\w+: \[/.test(line) ? TUNING : place);
        const all = found.get(name) ?? [];
        if (by !== undefined && !all.includes(by)) found.set(name, [...all, by]);
      }
    }
  }
  return found;
}

/** `domain-devices.ts` names these in a table, for two methods. */
const TUNING = 'domain.tuning()';

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
