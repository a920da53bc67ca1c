// XML as a small tree: libvirt's documents, and what people send us. No document type, so no entities of one's own (XXE,
// "billion laughs"), and nothing is ever fetched.
import { SaxesParser } from 'saxes';
import { escapeXml } from '../../util/escape-xml.ts';

export interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: (Element | string)[];
}

/** Why text is not XML that we take; `line` and `column` count from 1. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly line: number;
  readonly column: number;
  constructor(message: string, line: number, column: number) {
    super(`line ${line}, column ${column}: ${message}`);
    this.line = line;
    this.column = column;
  }
}

/**
 * Parses a document to its outermost element.
 *
 * @throws XmlError when it is not well-formed, has a DOCTYPE, or is nested deeper than 100.
 * @example
 * parseXml('<a b="1"><c/>text</a>').attributes['b']; // '1'
 */
export function parseXml(text: string): Element {
  const parser = new SaxesParser({ xmlns: false, position: true });
  const root: Element = { name: '', attributes: {}, children: [] };
  const open = [root];
  const fail = (message: string): never => {
    throw new XmlError(message, parser.line, parser.column + 1);
  };
  parser.on('error', (error) => fail(error.message.replace(/^[\d:]+\s*/, '')));
  parser.on('doctype', () => fail('a DOCTYPE is not allowed'));
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length > 100) fail('it is nested too deeply');
    const element = { name, attributes: attributes as Record<string, string>, children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  const add = (piece: string): void => void open.at(-1)?.children.push(piece);
  parser.on('text', add);
  parser.on('cdata', add);
  parser.write(text).close();
  return elementsOf(root)[0] ?? fail('there is no element');
}

/** Writes a tree as it was read: text and order are kept, comments are not. */
export function formatXml({ name, attributes, children }: Element): string {
  const head = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  if (children.length === 0) return `<${name}${head.join('')}/>`;
  const inner = children.map((child) =>
    typeof child === 'string' ? escapeXml(child) : formatXml(child),
  );
  return `<${name}${head.join('')}>${inner.join('')}</${name}>`;
}

/** Its children without text. */
export function elementsOf({ children }: Element): Element[] {
  return children.filter((child) => typeof child !== 'string');
}

/** The elements at a path such as `devices/disk`. */
export function all(element: Element, path: string): Element[] {
  return path
    .split('/')
    .reduce<Element[]>(
      (found, name) => found.flatMap((each) => elementsOf(each).filter((one) => one.name === name)),
      [element],
    );
}

/** The first element at a path. */
export function first(element: Element, path: string): Element | undefined {
  return all(element, path)[0];
}

/** An attribute of the first element at a path, or null: `attribute(disk, 'target', 'dev')`. */
export function attribute(element: Element, path: string, name: string): string | null {
  return first(element, path)?.attributes[name] ?? null;
}

/** The text of the first element at a path, without blanks around it, or null. */
export function textOf(element: Element, path: string): string | null {
  const found = first(element, path);
  return found === undefined ? null : contentOf(found);
}

/** An element's own text, without blanks around it. */
export function contentOf({ children }: Element): string {
  return children.filter(isText).join('').trim();
}

/** Every element of a tree with its path, the outermost first. */
export function* walk(element: Element, path = element.name): Generator<[Element, string]> {
  yield [element, path];
  for (const child of elementsOf(element)) yield* walk(child, `${path}/${child.name}`);
}

/** Sets the text of a part of an element, which is made where it is not there. */
export function setText(root: Element, name: string, text: string): void {
  const element = first(root, name);
  if (element) element.children.splice(0, Infinity, text);
  else root.children.unshift({ name, attributes: {}, children: [text] });
}

/** Takes the first part of that name away, if there is one. */
export function removeFirst(parent: Element, name: string): void {
  const at = parent.children.findIndex((each) => typeof each !== 'string' && each.name === name);
  if (at >= 0) parent.children.splice(at, 1);
}

function isText(child: Element | string): child is string {
  return typeof child === 'string';
}
