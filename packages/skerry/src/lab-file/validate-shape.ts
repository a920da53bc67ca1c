import type { z } from 'zod';
import { formatPath, type FieldPath, type Finding } from './finding.ts';
import { KEYS, KINDS, labSchema } from './schema.ts';
import { suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;
type ObjectName = keyof typeof KEYS;

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
};

/** Checks keys and types against the schema, and says all that is wrong. */
export function checkShape(config: unknown): Finding[] {
  const result = labSchema.safeParse(config, { reportInput: false });
  return result.success
    ? []
    : result.error.issues.flatMap(flatten).flatMap((i) => toFindings(i, config));
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

/** Of a union's branches, the one the value was meant for: whose outer type fits. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find(
    (branch) => !branch.some((i) => i.path.length === 0 && i.code === 'invalid_type' && !isInt(i)),
  );
  if (meant === undefined) return [issue];
  return meant.flatMap((i) => {
    const whole = { ...i, path: [...issue.path, ...i.path] };
    return flatten(whole);
  });
}

function toFindings(issue: Issue, config: unknown): Finding[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  const value = valueAt(config, path);
  const field = formatPath(path);
  const { expected, example } = KINDS[issue.message as keyof typeof KINDS] ?? KINDS.text;
  if (value === undefined && path.length > 0) {
    const key = `${String(path.at(-1))}: `;
    const data = { field, example: example.startsWith(key) ? example : key + example };
    return [{ code: 'LAB_KEY_MISSING', path, part: 'value', data }];
  }
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union') {
    if (!(isInt(issue) && Number.isFinite(value))) {
      const got = describe(value);
      return [{ code: 'LAB_TYPE', path, part: 'value', data: { field, expected, example, got } }];
    }
  }
  const data = { field, expected, example, value: describe(value) };
  return [{ code: 'LAB_VALUE', path, part: 'value', data }];
}

function isInt(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'int';
}

function unknownKey(path: FieldPath, key: string): Finding {
  const object = objectAt(path);
  const known = KEYS[object];
  const where: Record<ObjectName, string> = {
    lab: 'the lab',
    machine: `machine '${String(path.at(-1))}'`,
    network: 'network',
    disk: 'a disk',
    forward: 'a forward',
  };
  const data = { key, object: where[object], advice: advise(key, object, known) };
  return { code: 'LAB_KEY_UNKNOWN', path: [...path, key], part: 'key', data };
}

function advise(key: string, object: ObjectName, known: readonly string[]): string {
  const synonym = SYNONYMS[key.toLowerCase()];
  const near = synonym !== undefined && known.includes(synonym) ? synonym : suggest(key, known);
  if (near !== undefined) return `did you mean '${near}'?`;
  if (object === 'lab' && KEYS.machine.includes(key)) return `'${key}' belongs to a machine`;
  if (object === 'machine' && KEYS.lab.includes(key))
    return `'${key}' belongs to the lab, beside machines`;
  return `known keys: ${known.join(', ')}`;
}

function objectAt(path: FieldPath): ObjectName {
  if (path.includes('disks')) return 'disk';
  if (path.includes('forwards')) return 'forward';
  if (path[0] === 'machines') return 'machine';
  return path[0] === 'network' ? 'network' : 'lab';
}

function valueAt(config: unknown, path: FieldPath): unknown {
  let value = config;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
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
