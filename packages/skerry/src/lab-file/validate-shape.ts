import { formatPath, type FieldPath, type Finding } from './finding.ts';
import { KEYS, labSchema } from './schema.ts';
import { KINDS, OBJECTS, type ObjectName, type Schema } from './schema-form.ts';
import { suggest } from './suggest.ts';

/** What people who come from other tools write, and our key for it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  box: 'image',
  ram: 'memory',
  mem: 'memory',
  cpu: 'cpus',
  vcpu: 'cpus',
  vcpus: 'cpus',
  cores: 'cpus',
  ports: 'forwards',
  forwarded_ports: 'forwards',
  ip: 'address',
  subnet: 'cidr',
  vms: 'machines',
  nodes: 'machines',
  default: 'primary',
  volumes: 'disks',
  synced_folder: 'tree',
  synced_folders: 'tree',
  mounts: 'tree',
  trees: 'tree',
  sync: 'tree',
  provisioners: 'provision',
  services: 'daemons',
  hooks: 'triggers',
  depends_on: 'dependsOn',
  needs: 'dependsOn',
  env_vars: 'env',
  environment: 'env',
  cmd: 'command',
  path: 'script',
  source: 'from',
  src: 'from',
  destination: 'to',
  dest: 'to',
  dst: 'to',
  target: 'to',
  machines: 'on',
  ignore: 'exclude',
};

/** Checks keys and types against the schema, and says all that is wrong. */
export function checkShape(config: unknown): Finding[] {
  return check(labSchema, config, []);
}

/** A copy without the fields that have findings, so that what is left can be checked further. */
export function withoutFields(config: unknown, findings: readonly Finding[]): unknown {
  const bad = new Set(findings.map((f) => JSON.stringify(f.path)));
  const copy = (value: unknown, path: FieldPath): unknown => {
    if (bad.has(JSON.stringify(path))) return undefined;
    if (Array.isArray(value)) return value.map((item, i) => copy(item, [...path, i]));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, v]) => [key, copy(v, [...path, key])]),
    );
  };
  return copy(config, []);
}

function check(schema: Schema, value: unknown, path: FieldPath): Finding[] {
  if (schema.type === 'union') {
    const meant = schema.anyOf.find((branch) => hasType(branch, value));
    return meant ? check(meant, value, path) : [wrongType(schema, value, path)];
  }
  if (!hasType(schema, value)) return [wrongType(schema, value, path)];
  switch (schema.type) {
    case 'string': {
      const text = value as string;
      const isRight =
        text.length >= (schema.minLength ?? 0) &&
        (schema.pattern?.test(text) ?? true) &&
        (schema.enum?.includes(text) ?? true);
      return isRight ? [] : [wrongValue(schema, value, path)];
    }
    case 'integer': {
      const number = value as number;
      const isRight =
        Number.isInteger(number) && number >= schema.minimum && number <= schema.maximum;
      return isRight ? [] : [wrongValue(schema, value, path)];
    }
    case 'array':
      return (value as readonly unknown[]).flatMap((item, i) =>
        check(schema.items, item, [...path, i]),
      );
    case 'record':
      return Object.entries(value as object).flatMap(([key, item]) =>
        check(schema.values, item, [...path, key]),
      );
    case 'object': {
      const object = value as Readonly<Record<string, unknown>>;
      const unknown = Object.keys(object).filter((key) => !Object.hasOwn(schema.properties, key));
      // What is there under a wrong name is not missing as well.
      const meant = new Set(unknown.map((key) => meantBy(key, KEYS[schema.title])));
      const fields = Object.entries(schema.properties).filter(
        ([key]) => object[key] !== undefined || (schema.required.includes(key) && !meant.has(key)),
      );
      return [
        ...fields.flatMap(([key, field]) => check(field, object[key], [...path, key])),
        ...unknown.map((key) => unknownKey(schema.title, path, key)),
      ];
    }
    default:
      return [];
  }
}

/** Whether a value is of the type that a part of the schema asks for, right or wrong as it may be within it. */
function hasType(schema: Schema, value: unknown): boolean {
  switch (schema.type) {
    case 'any':
      return value !== undefined;
    case 'integer':
      return Number.isFinite(value);
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'object':
      return isObject(value);
    case 'record':
      return isObject(value) && isPlain(value);
    case 'union':
      return schema.anyOf.some((branch) => hasType(branch, value));
    default:
      return typeof value === schema.type;
  }
}

/** A path is no more than a path; the field that it is of knows a better one. */
function wordsOf({ kind, examples }: Schema): { expected: string; example: string } {
  const [own] = examples ?? [];
  const { expected, example } = KINDS[kind];
  return { expected, example: kind === 'path' && typeof own === 'string' ? `'${own}'` : example };
}

function wrongType(schema: Schema, value: unknown, path: FieldPath): Finding {
  const { expected, example } = wordsOf(schema);
  const field = formatPath(path);
  if (value === undefined && path.length > 0) {
    const key = `${String(path.at(-1))}: `;
    const data = { field, example: example.startsWith(key) ? example : key + example };
    return { code: 'LAB_KEY_MISSING', path, part: 'value', data };
  }
  const data = { field, expected, example, got: describe(value) };
  return { code: 'LAB_TYPE', path, part: 'value', data };
}

function wrongValue(schema: Schema, value: unknown, path: FieldPath): Finding {
  const { expected, example } = wordsOf(schema);
  const data = { field: formatPath(path), expected, example, value: describe(value) };
  return { code: 'LAB_VALUE', path, part: 'value', data };
}

function unknownKey(object: ObjectName, path: FieldPath, key: string): Finding {
  const known = KEYS[object];
  const word = OBJECTS[object];
  const isNamed = object === 'machine' || object === 'provisioner' || object === 'daemon';
  const where = isNamed ? `${word} '${String(path.at(-1))}'` : word;
  const data = { key, object: where, advice: advise(key, object, known) };
  return { code: 'LAB_KEY_UNKNOWN', path: [...path, key], part: 'key', data };
}

function meantBy(key: string, known: readonly string[]): string | undefined {
  const synonym = SYNONYMS[key.toLowerCase()];
  return synonym !== undefined && known.includes(synonym) ? synonym : suggest(key, known);
}

function advise(key: string, object: ObjectName, known: readonly string[]): string {
  const near = meantBy(key, known);
  if (near !== undefined) return `did you mean '${near}'?`;
  if (object === 'lab' && KEYS.machine.includes(key)) return `'${key}' belongs to a machine`;
  if (object === 'machine' && KEYS.lab.includes(key))
    return `'${key}' belongs to the lab, beside machines`;
  return `known keys: ${known.join(', ')}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'empty (null)';
  if (typeof value === 'string') {
    return `the text '${value.length > 40 ? `${value.slice(0, 39)}…` : value}'`;
  }
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined ? 'nothing' : `a ${typeof value}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Neither a Map nor anything else with a life of its own: its entries would not be looked at. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
