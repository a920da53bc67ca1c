import { XMLParser } from 'fast-xml-parser';
import { manifestError } from './project.ts';

/** An element with its attributes and the line it begins on. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly line: number;
}

/** No manifest nests deeper; whoever does wants the stack to overflow. */
const MOST_NESTED = 50;

/**
 * Reads XML that others wrote. A document type is refused before anything is parsed: only it can declare entities, which
 * read files of this computer (XXE) or grow without end (billion laughs), and no manifest needs one.
 *
 * @throws SP_MANIFEST_INVALID
 */
export function parseXml(text: string, file: string): XmlElement {
  const lineAt = lineCounter(text);
  const declaration = /<!\s*(?:DOCTYPE|ENTITY)/i.exec(text);
  if (declaration)
    throw manifestError(
      file,
      lineAt(declaration.index),
      'it declares a document type, which could read files or fill memory',
    );
  let nodes: unknown;
  try {
    nodes = parser().parse(text, true);
  } catch (error) {
    const line = Number((error as { line?: unknown }).line) || 1;
    const reason = error instanceof Error ? error.message : String(error);
    throw manifestError(file, line, `it is not well-formed XML: ${reason.split('\n', 1)[0]}`);
  }
  const roots = elementsOf(nodes, lineAt, 0);
  const [root] = roots;
  if (!root || roots.length > 1) throw manifestError(file, 1, 'it has not one root element');
  return root;

  function elementsOf(list: unknown, at: (index: number) => number, depth: number): XmlElement[] {
    if (!Array.isArray(list)) return [];
    if (depth > MOST_NESTED) throw manifestError(file, 1, 'its elements are nested too deeply');
    return list.flatMap((node: Record<string | symbol, unknown>) => {
      const name = Object.keys(node).find((key) => key !== ':@');
      if (name === undefined || name.startsWith('?') || name.startsWith('#')) return [];
      const place = node[XMLParser.getMetaDataSymbol()] as { startIndex?: number } | undefined;
      const attributes = (node[':@'] ?? {}) as Record<string, string>;
      const children = elementsOf(node[name], at, depth + 1);
      return [{ name, attributes, children, line: at(place?.startIndex ?? 0) }];
    });
  }
}

function parser(): XMLParser {
  return new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
    captureMetaData: true,
  });
}

/** The line of an index, found without reading the text again for each. */
function lineCounter(text: string): (index: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (index) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= index) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** @example attribute('a"<b') // 'a&quot;&lt;b' */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}
