import type { Expression, Node, ObjectExpression, Program, SpreadElement } from 'acorn';
import { parseScript } from './parse-script.ts';
import {
  inherited,
  positionsOf,
  type PositionEntry,
  type PositionNode,
  type Positions,
} from './positions.ts';

type Value = Expression | SpreadElement;
type Scope = ReadonlyMap<string, Expression>;

/**
 * Finds the fields of a lab in the source of its script: the object literal that is exported, or given to
 * `defineLab`, and what it refers to by top-level names. What is computed has the place of the computation.
 */
export function scriptPositions(file: string, source: string): Positions {
  const program = parseScript(file, source);
  const scope = topLevelNames(program);
  const root = exported(program);
  const start = { at: { line: 1, column: 1 }, entries: [] };
  return positionsOf(file, root === undefined ? start : toTree(root, scope, 0));
}

function topLevelNames(program: Program): Scope {
  const scope = new Map<string, Expression>();
  for (const statement of program.body) {
    const declaration =
      statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations) {
      if (id.type === 'Identifier' && init) scope.set(id.name, init);
    }
  }
  return scope;
}

/** The value of `export default`, or of CommonJS's `module.exports =`. */
function exported(program: Program): Value | undefined {
  for (const statement of program.body) {
    if (statement.type === 'ExportDefaultDeclaration') return statement.declaration as Expression;
    if (statement.type !== 'ExpressionStatement') continue;
    const { expression } = statement;
    if (expression.type !== 'AssignmentExpression' || expression.left.type !== 'MemberExpression')
      continue;
    const { object, property } = expression.left;
    const isModule = object.type === 'Identifier' && object.name === 'module';
    if (isModule && property.type === 'Identifier' && property.name === 'exports')
      return expression.right;
  }
  return undefined;
}

function toTree(node: Value, scope: Scope, depth: number): PositionNode {
  const at = placeOf(node);
  const value = depth > 32 ? node : literalOf(node, scope);
  if (value.type === 'ObjectExpression') {
    return {
      at: node.type === 'Identifier' ? at : placeOf(value),
      entries: objectEntries(value, scope, depth + 1),
    };
  }
  if (value.type !== 'ArrayExpression') return { at, entries: [] };
  const entries = value.elements.flatMap((element, step) =>
    element === null
      ? []
      : [{ step, keyAt: placeOf(element), value: toTree(element, scope, depth + 1) }],
  );
  return { at, entries };
}

function objectEntries(
  object: ObjectExpression,
  scope: Scope,
  depth: number,
): PositionNode['entries'] {
  return object.properties.flatMap((property): PositionEntry[] => {
    if (property.type === 'SpreadElement') {
      return inherited(toTree(property.argument, scope, depth));
    }
    const step = keyOf(property.key, property.computed);
    if (step === undefined) return [];
    return [{ step, keyAt: placeOf(property.key), value: toTree(property.value, scope, depth) }];
  });
}

function keyOf(
  key: Expression | { type: 'PrivateIdentifier' },
  isComputed: boolean,
): string | undefined {
  if (key.type === 'Literal') return String(key.value);
  return key.type === 'Identifier' && !isComputed ? key.name : undefined;
}

/** The literal behind names, `await`, and calls that hand an object on, such as `defineLab({...})`. */
function literalOf(node: Value, scope: Scope): Value {
  let value = node;
  for (let i = 0; i < 16; i++) {
    let next: Value | undefined;
    if (value.type === 'Identifier') next = scope.get(value.name);
    else if (value.type === 'AwaitExpression') next = value.argument;
    else if (value.type === 'ParenthesizedExpression') next = value.expression;
    else if (value.type === 'CallExpression') next = value.arguments[0];
    if (next === undefined) return value;
    value = next;
  }
  return value;
}

function placeOf(node: Node): PositionNode['at'] {
  return { line: node.loc?.start.line ?? 1, column: (node.loc?.start.column ?? 0) + 1 };
}
