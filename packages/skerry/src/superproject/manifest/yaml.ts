import { Document, LineCounter, parseDocument, visit } from 'yaml';
import { manifestError } from './project.ts';

export type Yaml = string | readonly Yaml[] | YamlMap | null | undefined;
export interface YamlMap {
  readonly [key: string]: Yaml;
}

export interface YamlFile {
  readonly root: YamlMap;
  /** The line of what is at this way through maps and lists; 1 where nothing is. */
  readonly lineOf: (...way: readonly (string | number)[]) => number;
}

/**
 * Reads YAML with every scalar as the text it is written as: a revision 1.10 is no number, and an id of digits no float.
 * Merge keys work as in PyYAML, which west and vcstool use; aliases that grow without end are refused.
 *
 * @throws SP_MANIFEST_INVALID
 */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', merge: true, lineCounter: lines });
  const [fault] = document.errors;
  if (fault) {
    const reason = fault.message.split('\n', 1)[0] ?? '';
    throw manifestError(file, lines.linePos(fault.pos[0]).line, `it is not valid YAML: ${reason}`);
  }
  const root = valueOf(document, file);
  if (!isMap(root)) throw manifestError(file, 1, 'it is not a map of keys');
  return {
    root,
    lineOf: (...way) => {
      const node = document.getIn(way, true) as { range?: [number, number, number] } | undefined;
      return node?.range ? lines.linePos(node.range[0]).line : 1;
    },
  };
}

function valueOf(document: Document.Parsed, file: string): Yaml {
  try {
    return document.toJS({ maxAliasCount: 100 }) as Yaml;
  } catch (error) {
    throw manifestError(file, 1, `its aliases cannot be read: ${(error as Error).message}`);
  }
}

export function isMap(value: Yaml): value is YamlMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value)
  );
}

export function listOf(value: Yaml): readonly Yaml[] {
  return Array.isArray(value) ? (value as readonly Yaml[]) : [];
}

/** A text; none where there is none, or something else. */
export function textOf(value: Yaml): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Keys that are texts to every YAML. */
const PLAIN_KEY = /^(?!(?:yes|off|true|false|null)$)[a-z]{3,}(?:-[a-z]+)*$/;

/** Every value in quotes: what YAML 1.1 (PyYAML) reads as something else than a text is a long list, with surprises. */
export function formatYaml(value: unknown): string {
  const document = new Document(value, { schema: 'failsafe', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (key, node) => {
      const isPlain = key === 'key' && PLAIN_KEY.test(String(node.value));
      node.type = isPlain ? 'PLAIN' : 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}
