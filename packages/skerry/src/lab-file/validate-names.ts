import type { CheckedLab, CheckedMachine } from './checked.ts';
import type { FieldPath, Finding } from './finding.ts';
import { isList } from './is-list.ts';
import { hostNameProblem, toHostName } from './host-name.ts';

/** Checks names: that they are host names, that no two are the same, and that one machine at most is primary. */
export function checkNames(lab: CheckedLab, machines: readonly CheckedMachine[]): Finding[] {
  const findings: Finding[] = [];
  if (lab.name !== undefined) findings.push(...badName('the lab', lab.name, ['name'], 'value'));
  if (lab.machines !== undefined && machines.length === 0) {
    findings.push({ code: 'LAB_MACHINES_NONE', path: ['machines'], part: 'value', data: {} });
  }
  for (const { name, path, config } of machines) {
    findings.push(...badName('machine', name, path, 'key'));
    if (config.hostname !== undefined) {
      findings.push(...badName('the host name', config.hostname, [...path, 'hostname'], 'value'));
    }
  }
  findings.push(...sameNames(machines), ...twoPrimaries(machines));
  findings.push(...badDisks(lab.disks, ['disks']));
  for (const { path, config } of machines)
    findings.push(...badDisks(config.disks, [...path, 'disks']));
  return findings;
}

function badName(what: string, name: string, path: FieldPath, part: Finding['part']): Finding[] {
  const reason = hostNameProblem(
    what === 'the host name' ? name : name.replaceAll(/(?<=.)_(?=.)/g, '-'),
  );
  return reason === undefined
    ? []
    : [{ code: 'LAB_NAME', path, part, data: { what, name, reason } }];
}

/** Every name a machine answers to must be its own: DNS knows no case and turns `_` into `-`. */
function sameNames(machines: readonly CheckedMachine[]): Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { name, path, config } of machines) {
    const own = { name: toHostName(name), path, part: 'key' as const };
    const names =
      config.hostname === undefined
        ? [own]
        : [
            own,
            {
              name: config.hostname.toLowerCase(),
              path: [...path, 'hostname'],
              part: 'value' as const,
            },
          ];
    for (const { name: same, path, part } of names) {
      const other = owners.get(same);
      if (other !== undefined && other !== name) {
        findings.push({
          code: 'LAB_NAME_TWICE',
          path,
          part,
          data: { what: 'machines', name, other, same },
        });
        break;
      }
      owners.set(same, name);
    }
  }
  return findings;
}

function twoPrimaries(machines: readonly CheckedMachine[]): Finding[] {
  const [first, ...others] = machines.filter(({ config }) => config.primary === true);
  return others.map(({ name, path }) => ({
    code: 'LAB_PRIMARY_TWICE',
    path: [...path, 'primary'],
    part: 'value',
    data: { machine: name, other: first?.name ?? '' },
  }));
}

function badDisks(disks: CheckedMachine['config']['disks'], path: FieldPath): Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const { name, at, part } of diskNames(disks, path)) {
    // A disk's name becomes its serial number, of which virtio keeps 20 bytes.
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,18}[A-Za-z0-9])?$/.test(name)) {
      const expected = 'a disk name: at most 20 letters, digits, - and _';
      const data = { field: "the disk's name", value: `'${name}'`, expected, example: 'data' };
      findings.push({ code: 'LAB_VALUE', path: at, part, data });
    }
    if (seen.has(name)) {
      const data = { what: 'disks', name, other: name, same: `'${name}'` };
      findings.push({ code: 'LAB_NAME_TWICE', path: at, part, data });
    }
    seen.add(name);
  }
  return findings;
}

function diskNames(
  disks: CheckedMachine['config']['disks'],
  path: FieldPath,
): { name: string; at: FieldPath; part: Finding['part'] }[] {
  if (disks === undefined) return [];
  if (!isList(disks)) {
    return Object.keys(disks).map((name) => ({ name, at: [...path, name], part: 'key' }));
  }
  return disks.flatMap((disk, i) => {
    if (typeof disk === 'string')
      return [{ name: `disk${i + 1}`, at: [...path, i], part: 'value' as const }];
    return disk?.name === undefined
      ? []
      : [{ name: disk.name, at: [...path, i, 'name'], part: 'value' as const }];
  });
}
