import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { type ConfigEntry, parseConfig, type TextPlace } from './config-text.ts';
import { type Owner, ruleProblems } from './module-rules.ts';

/** One component as `.gitmodules` writes it (gitmodules(5)). */
export interface Component {
  readonly name: string;
  /** From the root of the superproject, with slashes. */
  readonly path: string;
  /** As written; it may be relative to the superproject's own. */
  readonly url: string;
  /** As written: a branch, or `.` for the superproject's own; none: the remote's default branch. */
  readonly branch?: string;
  readonly update?: string;
  readonly ignore?: string;
  readonly shallow?: boolean;
  /** All other keys, such as `superproject-policy`. */
  readonly extra: Readonly<Record<string, string>>;
  /** The line of its section, from 1. */
  readonly line: number;
}

/** A component with the place of each of its keys. */
export interface PlacedComponent extends Component {
  readonly places: Readonly<Record<string, TextPlace>>;
}

export interface GitmodulesProblem extends TextPlace {
  readonly message: string;
}

export interface Gitmodules {
  readonly components: readonly PlacedComponent[];
  readonly problems: readonly GitmodulesProblem[];
}

const KNOWN = new Set(['path', 'url', 'branch', 'update', 'ignore', 'shallow']);

/**
 * Reads `.gitmodules`. It is written by others and steers what git does, so it is read strictly: what two readers could
 * understand differently is a problem, not a guess. Safety is judged apart, by `checkedComponents`.
 *
 * @example parseGitmodules('[submodule "a"]\n\tpath = a\n\turl = ../a.git\n').components[0].path // 'a'
 */
export function parseGitmodules(text: string): Gitmodules {
  const { entries, headers, problems: syntax } = parseConfig(text);
  const problems: GitmodulesProblem[] = [...syntax];
  const byName = new Map<string, { header: TextPlace; entries: ConfigEntry[] }>();
  for (const header of headers) {
    if (header.section !== 'submodule' || header.subsection === undefined) continue;
    if (!byName.has(header.subsection)) byName.set(header.subsection, { header, entries: [] });
  }
  for (const entry of entries) {
    if (entry.section === 'submodule' && entry.subsection !== undefined)
      byName.get(entry.subsection)?.entries.push(entry);
  }
  const components: PlacedComponent[] = [];
  for (const [name, { header, entries: own }] of byName) {
    const values = new Map<string, string>();
    const places: Record<string, TextPlace> = {
      name: { line: header.line, column: header.column },
    };
    for (const { key, value, line, column } of own) {
      if (values.has(key))
        problems.push({ line, column, message: `${name}: ${key} is written twice` });
      values.set(key, value === true ? 'true' : value);
      places[key] = { line, column };
    }
    const missing = ['path', 'url'].filter((key) => !values.get(key));
    for (const key of missing) problems.push({ ...header, message: `${name} has no ${key}` });
    if (missing.length === 0) components.push({ ...asComponent(name, values, header), places });
  }
  return {
    components,
    problems: problems
      .map(({ line, column, message }) => ({ line, column, message }))
      .sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

/**
 * The components of a `.gitmodules` that may be worked with.
 *
 * @param where the file as the errors name it
 * @throws SkerryErrors of SP_GITMODULES_INVALID, one for each problem, with line and column
 */
export function checkedComponents(text: string, where: string, owner: Owner): readonly Component[] {
  const { components, problems } = parseGitmodules(text);
  const all = [...problems, ...ruleProblems(components, owner)];
  if (all.length === 0) return components.map(withoutPlaces);
  throw new SkerryErrors(
    all.map(
      ({ line, column, message }) =>
        new SkerryError('SP_GITMODULES_INVALID', {
          place: { file: where, line, column },
          data: { reason: message },
        }),
    ),
  );
}

function withoutPlaces(placed: PlacedComponent): Component {
  const { places: _places, ...component } = placed;
  return component;
}

function asComponent(
  name: string,
  values: ReadonlyMap<string, string>,
  { line }: TextPlace,
): Component {
  const text = (key: string): Record<string, string> => {
    const value = values.get(key);
    return value === undefined ? {} : { [key]: value };
  };
  const shallow = values.get('shallow');
  return {
    name,
    path: values.get('path') ?? '',
    url: values.get('url') ?? '',
    ...text('branch'),
    ...text('update'),
    ...text('ignore'),
    ...(shallow !== undefined && { shallow: /^(true|yes|on|1)$/i.test(shallow) }),
    extra: Object.fromEntries([...values].filter(([key]) => !KNOWN.has(key))),
    line,
  };
}
