import type { CheckedLab, CheckedMachine } from './checked.ts';
import { DEFAULTS } from './defaults.ts';
import type { FieldPath, Finding } from './finding.ts';
import { parseMemoryMiB } from './size.ts';

/** What the host has. A fact that is not given is not checked. */
export interface HostFacts {
  readonly hostMemoryMiB?: number | undefined;
  readonly hostCpus?: number | undefined;
}

/** Two and four times the host's CPUs are common, and useful in tests; beyond, guests only wait for each other. */
const CPU_FACTOR = 4;
const MEMORY_MIN_MIB = 64;

/** Checks what the machines want against what this host has. */
export function checkHost(
  lab: CheckedLab,
  machines: readonly CheckedMachine[],
  host: HostFacts,
): Finding[] {
  return [
    ...badSizes(lab, machines),
    ...tooMuchMemory(lab, machines, host),
    ...tooManyCpus(lab, machines, host),
  ];
}

function badSizes(lab: CheckedLab, machines: readonly CheckedMachine[]): Finding[] {
  const fields = [{ memory: lab.memory, path: ['memory'] as FieldPath }];
  for (const { config, path } of machines)
    fields.push({ memory: config.memory, path: [...path, 'memory'] });
  return fields.flatMap(({ memory, path }) => {
    if (typeof memory !== 'string' || (parseMemoryMiB(memory) ?? 0) >= MEMORY_MIN_MIB) return [];
    const expected = `at least ${MEMORY_MIN_MIB} MiB`;
    const data = { field: path.join('.'), value: memory, expected, example: "memory: '512 MiB'" };
    return [{ code: 'LAB_VALUE' as const, path, part: 'value' as const, data }];
  });
}

function tooMuchMemory(
  lab: CheckedLab,
  machines: readonly CheckedMachine[],
  { hostMemoryMiB: host }: HostFacts,
): Finding[] {
  if (host === undefined) return [];
  const findings: Finding[] = [];
  let sum = 0;
  for (const { name, path, config } of machines) {
    const memory = parseMemoryMiB(config.memory ?? lab.memory ?? DEFAULTS.memory) ?? 0;
    if (config.autostart ?? lab.autostart ?? DEFAULTS.autostart) sum += memory;
    if (memory <= host) continue;
    const data = { what: `machine '${name}' wants`, memory, host, advice: 'give it less' };
    findings.push({ code: 'LAB_MEMORY', path: [...path, 'memory'], part: 'value', data });
  }
  if (sum > host && findings.length === 0) {
    const advice = 'give the machines less, or set autostart: false on some';
    const data = { what: 'the machines together want', memory: sum, host, advice };
    const path = lab.memory === undefined ? ['machines'] : ['memory'];
    findings.push({
      code: 'LAB_MEMORY',
      path,
      part: lab.memory === undefined ? 'key' : 'value',
      data,
    });
  }
  return findings;
}

function tooManyCpus(
  lab: CheckedLab,
  machines: readonly CheckedMachine[],
  { hostCpus: host }: HostFacts,
): Finding[] {
  if (host === undefined) return [];
  const limit = host * CPU_FACTOR;
  return machines.flatMap(({ name, path, config }) => {
    const cpus = config.cpus ?? lab.cpus ?? DEFAULTS.cpus;
    if (cpus <= limit) return [];
    const at = config.cpus === undefined && lab.cpus !== undefined ? ['cpus'] : [...path, 'cpus'];
    return [
      {
        code: 'LAB_CPUS' as const,
        path: at,
        part: 'value' as const,
        data: { machine: name, cpus, host, limit },
      },
    ];
  });
}
