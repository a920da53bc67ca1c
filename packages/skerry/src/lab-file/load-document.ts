import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { checkJson } from './check-json.ts';
import type { LoadedConfig } from './load-config.ts';
import { inherited, positionsOf, type PositionEntry, type PositionNode } from './positions.ts';
import { messageOf } from '../util/message-of.ts';

/** Reads a lab from YAML or JSON. JSON is read as YAML, its superset, since that parser keeps places. */
export function loadDocument(file: string, source: string): LoadedConfig {
  if (file.endsWith('.json')) checkJson(file, source);
  const lines = new LineCounter();
  const document = parseDocument(source, {
    lineCounter: lines,
    uniqueKeys: false,
    merge: true,
    prettyErrors: false,
  });
  if (document.errors.length > 0) {
    throw new SkerryErrors(
      document.errors.map((e) => {
        const { line, col } = lines.linePos(e.pos[0]);
        return syntaxError(file, line, col, e.message);
      }),
    );
  }
  if (document.contents === null) {
    const data = { file, reason: 'it is empty', example: '{ name: demo, machines: { one: {} } }' };
    throw new SkerryError('LAB_FILE_EMPTY', { data, place: { file, line: 1, column: 1 } });
  }
  const positions = positionsOf(file, toTree(document, lines));
  return { file, config: toValue(file, document), positions: () => Promise.resolve(positions) };
}

function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw syntaxError(file, 1, 1, messageOf(cause));
  }
}

function syntaxError(file: string, line: number, column: number, reason: string): SkerryError {
  return new SkerryError('LAB_FILE_SYNTAX', { data: { reason }, place: { file, line, column } });
}

function toTree(document: Document, lines: LineCounter): PositionNode {
  const at = (node: unknown, fallback: PositionNode['at']): PositionNode['at'] => {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    if (!range) return fallback;
    const { line, col } = lines.linePos(range[0] ?? 0);
    return { line, column: col };
  };
  const walk = (node: unknown, fallback: PositionNode['at'], depth: number): PositionNode => {
    const here = at(node, fallback);
    // An alias can hold itself; nothing in a lab file is as deep as this.
    if (depth > 16) return { at: here, entries: [] };
    if (isAlias(node)) return { ...walk(node.resolve(document), here, depth + 1), at: here };
    if (isSeq(node)) {
      const entries = node.items.map((item, step) => ({
        step,
        keyAt: at(item, here),
        value: walk(item, here, depth + 1),
      }));
      return { at: here, entries };
    }
    if (!isMap(node)) return { at: here, entries: [] };
    const merged: PositionEntry[] = [];
    const own: PositionEntry[] = [];
    for (const pair of node.items) {
      const keyAt = at(pair.key, here);
      const value = walk(pair.value, keyAt, depth + 1);
      const step = isScalar(pair.key) ? String(pair.key.value) : '';
      if (step === '<<') {
        merged.push(...inherited(value));
      } else own.push({ step, keyAt, value });
    }
    return { at: here, entries: [...merged, ...own] };
  };
  return walk(document.contents, { line: 1, column: 1 }, 0);
}
