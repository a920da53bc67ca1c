// What the palette finds: pages, entities, and verbs with whom they are for. Pure.
import type { EntityState, VerbInfo } from '../api/types.ts';
import { matches, parseFilter } from '../store/filter.ts';
import { score, scoreWords } from '../store/search.ts';

export interface PaletteItem {
  readonly key: string;
  readonly kind: 'page' | 'entity' | 'verb';
  readonly label: string;
  readonly detail: string;
  readonly icon: string;
  readonly entity?: EntityState;
  readonly verb?: VerbInfo;
  /** What the verb is told with it: where to. */
  readonly params?: Readonly<Record<string, string>>;
  readonly to?: string;
  /** It cannot be chosen now; its detail says why. */
  readonly off?: boolean;
}

export interface PaletteInput {
  readonly query: string;
  readonly entities: readonly EntityState[];
  readonly verbs: readonly VerbInfo[];
  /** The one whose page is open: its verbs come first. */
  readonly current: EntityState | undefined;
  readonly readinessOf: (
    verb: VerbInfo,
    entity: EntityState,
  ) => { readonly ready: boolean; readonly why: string };
  readonly iconOf: (verb: string) => string;
}

const MOST = 40;
const ENTITIES_PER_VERB = 8;

const PAGES: readonly PaletteItem[] = [
  ['Overview', '/map', 'grid'],
  ['Log', '/log', 'log'],
  ['Parked machines', '/parked', 'park'],
  ['People and permissions', '/people', 'people'],
  ['Your account, password and tokens', '/account', 'lock'],
].map(([label = '', to = '', icon = '']) => ({
  key: to,
  kind: 'page',
  label,
  detail: 'page',
  icon,
  to,
}));

/** The best first. `start web` starts a machine, as one would say it in the chat. */
export function paletteItems(input: PaletteInput): PaletteItem[] {
  const { query, entities, current } = input;
  const found: [number, PaletteItem][] = [];
  for (const entity of entities) {
    const points =
      query === '' ? 0 : pointsOf(query, entity) || scoreWords(query, entity.tags.join(' ')) / 2;
    if (points > 0 || (query === '' && found.length < MOST))
      found.push([points, entityItem(entity)]);
  }
  for (const page of PAGES) {
    const points = query === '' ? 0.5 : scoreWords(query, page.label);
    if (points > 0) found.push([points, page]);
  }
  if (current) found.push(...currentVerbs(input, current));
  if (query !== '') found.push(...spokenVerbs(input));
  return dedupe(found.toSorted(([a], [b]) => b - a).map(([, item]) => item)).slice(0, MOST);
}

function currentVerbs(input: PaletteInput, current: EntityState): [number, PaletteItem][] {
  return input.verbs
    .filter(
      (verb) =>
        verb.entity === current.kind && !verb.programs && input.readinessOf(verb, current).ready,
    )
    .flatMap((verb) => {
      const points = input.query === '' ? 2 : scoreWords(input.query, verb.title) + 5;
      return points > 5 || input.query === ''
        ? [[points, verbItem(input, verb, current)] as [number, PaletteItem]]
        : [];
    });
}

/** By name, or by the words of the list's filter: `tag:prod`. */
function pointsOf(query: string, entity: EntityState): number {
  const filter = parseFilter(query);
  const isFilter = filter.terms.some(({ key }) => key !== null);
  return isFilter ? (matches(filter, entity) ? 50 : 0) : scoreWords(query, entity.name);
}

/** The first words may be a verb's, as it is called on a button, on the command line or in the chat. */
function spokenVerbs(input: PaletteInput): [number, PaletteItem][] {
  const words = input.query.toLowerCase().split(/\s+/).filter(Boolean);
  return input.verbs
    .filter(({ programs, entity }) => !programs && entity !== 'central')
    .flatMap((verb) => {
      const rest = restAfterVerb(words, verb);
      if (rest === undefined) return [];
      const scored = input.entities
        .filter((entity) => entity.kind === verb.entity)
        .map((entity) => [rest === '' ? 1 : pointsOf(rest, entity), entity] as const)
        .filter(([points]) => points > 0)
        .toSorted(([a], [b]) => b - a)
        .slice(0, ENTITIES_PER_VERB);
      const items = scored.map(([points, entity]): [number, PaletteItem] => {
        const item = verbItem(input, verb, entity);
        const ready = item.off ? -40 : 0;
        return [(rest === '' ? 50 : 60 + points / 2) + ready, item];
      });
      return verb.name === 'migrate' ? [...items, ...moves(input, verb, rest)] : items;
    });
}

/** `web-1 hv2` and `web-1 to hv2`: the last word is where to. */
function moves(input: PaletteInput, verb: VerbInfo, rest: string): [number, PaletteItem][] {
  const words = rest.split(' ').filter((word) => word !== 'to');
  const to = words.pop() ?? '';
  if (words.length === 0) return [];
  const hosts = input.entities.filter(({ kind, name }) => kind === 'hypervisor' && score(to, name));
  return input.entities.flatMap((vm) => {
    const points = vm.kind === 'vm' ? scoreWords(words.join(' '), vm.name) : 0;
    if (vm.kind !== 'vm' || points === 0) return [];
    return hosts.flatMap(({ name: target }): [number, PaletteItem][] => {
      if (target === vm.hypervisor) return [];
      const { key, label, ...item } = verbItem(input, verb, vm);
      const move = { ...item, key: `${key} ${target}`, label: `${label} to ${target}` };
      const place = (points + score(to, target)) / 4;
      return [[60 + place - (item.off ? 40 : 0), { ...move, params: { target } }]];
    });
  });
}

function restAfterVerb(words: readonly string[], verb: VerbInfo): string | undefined {
  const names = [verb.title.toLowerCase(), verb.command, ...verb.chat];
  for (let taken = Math.min(3, words.length); taken >= 1; taken -= 1) {
    const said = words.slice(0, taken).join(' ');
    const isPart = (name: string): boolean =>
      said.length >= 2 ? name.startsWith(said) : name === said;
    if (names.some((name) => isPart(name))) return words.slice(taken).join(' ');
  }
  return undefined;
}

function entityItem(entity: EntityState): PaletteItem {
  const detail = entity.kind === 'vm' ? `${entity.state} on ${entity.hypervisor}` : 'hypervisor';
  const icon = entity.kind === 'vm' ? 'machine' : 'server';
  return { key: entity.id, kind: 'entity', label: entity.name, detail, icon, entity };
}

function verbItem(
  { iconOf, readinessOf }: PaletteInput,
  verb: VerbInfo,
  entity: EntityState,
): PaletteItem {
  const { ready, why } = readinessOf(verb, entity);
  return {
    key: `${verb.name} ${entity.id}`,
    kind: 'verb',
    label: `${verb.title}: ${entity.name}`,
    detail: why,
    off: !ready,
    icon: iconOf(verb.name),
    verb,
    entity,
  };
}

function dedupe(items: readonly PaletteItem[]): PaletteItem[] {
  return [...new Map(items.map((item) => [item.key, item])).values()];
}
