import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import type { PlacedComponent } from '../gitmodules.ts';
import { type Owner, ruleProblems } from '../module-rules.ts';
import { formatJson, parseJson } from './json.ts';
import {
  type Format,
  isObjectId,
  type ManifestProject,
  manifestError,
  type ParsedManifest,
  type PlacedProject,
  type WrittenManifest,
} from './project.ts';
import { formatRepoXml, parseRepoXml } from './repo-xml.ts';
import { formatReposYaml, parseReposYaml } from './repos-yaml.ts';
import { formatWestYaml, parseWestYaml } from './west-yaml.ts';

interface Codec {
  readonly parse: (text: string, file: string) => ParsedManifest;
  readonly write: (projects: readonly ManifestProject[]) => WrittenManifest;
}

const CODECS: Readonly<Record<Format, Codec>> = {
  repo: { parse: parseRepoXml, write: formatRepoXml },
  west: { parse: parseWestYaml, write: formatWestYaml },
  repos: { parse: parseReposYaml, write: formatReposYaml },
  json: { parse: parseJson, write: formatJson },
};

/** Android's, the largest there is, has a tenth of it. */
const MOST_CHARACTERS = 4_000_000;

/**
 * Reads a manifest that others wrote, and judges what it names by the rules of `.gitmodules`.
 *
 * @param file as the errors name it
 * @param isLocal urls of this computer are fine
 * @throws SkerryErrors of SP_MANIFEST_INVALID, each with its line; SP_MANIFEST_FORMAT
 */
export function parseManifest(
  text: string,
  { file, format, isLocal, base }: { file: string; format?: Format | undefined } & Owner,
): ParsedManifest {
  if (text.length > MOST_CHARACTERS)
    throw manifestError(file, 1, `it is larger than ${MOST_CHARACTERS / 1_000_000} MB`);
  const kind = format ?? formatOf(file, text);
  if (!kind) throw new SkerryError('SP_MANIFEST_FORMAT', { data: { file } });
  const parsed = CODECS[kind].parse(text.replace(/^\uFEFF/, ''), file);
  const problems = [
    ...ruleProblems(parsed.projects.map(asComponent), { isLocal, base }),
    ...parsed.projects.flatMap(ownProblems),
  ];
  if (problems.length > 0)
    throw new SkerryErrors(problems.map(({ line, message }) => manifestError(file, line, message)));
  return parsed;
}

/** Writes a manifest; what it cannot carry is in `losses`. */
export function writeManifest(
  format: Format,
  projects: readonly ManifestProject[],
): WrittenManifest {
  return CODECS[format].write(projects);
}

/** From the file's name, else from how its text begins. */
export function formatOf(file: string, text: string): Format | undefined {
  if (/\.xml$/i.test(file)) return 'repo';
  if (/\.repos$/i.test(file)) return 'repos';
  if (/\.json$/i.test(file)) return 'json';
  if (/^\s*</.test(text)) return 'repo';
  if (/^\s*\{/.test(text)) return 'json';
  if (/^manifest\s*:/m.test(text)) return 'west';
  return /^repositories\s*:/m.test(text) ? 'repos' : undefined;
}

function asComponent({ name, path, url, branch, line }: PlacedProject): PlacedComponent {
  const followed = branch?.replace(/^refs\/(tags|heads)\//, '');
  return {
    name,
    path,
    url,
    ...(followed !== undefined && { branch: followed }),
    extra: {},
    line,
    places: {},
  };
}

function ownProblems({
  name,
  pin,
  groups,
  line,
}: PlacedProject): { line: number; message: string }[] {
  const bad = groups.filter((group) => !/^[^\s,\p{C}]+$/u.test(group));
  return [
    ...(pin !== undefined && !isObjectId(pin)
      ? [{ line, message: `${name}: its pin is no full object id` }]
      : []),
    ...bad.map((group) => ({
      line,
      message: `${name}: ${JSON.stringify(group)} cannot be a group's name`,
    })),
  ];
}
