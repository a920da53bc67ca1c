import { type Connection, isNotFound } from '@skerry/libvirt';
import type { DiskFile } from '../machine/domain-xml.ts';
import type { MachineSpec } from '../lab-file/spec.ts';
import { firstDisks } from './facts.ts';

/** The files of a machine's disks: those its domain has, and of disks that are new in the lab file, the first ones. */
export async function disksOf(connection: Connection, machine: MachineSpec): Promise<DiskFile[]> {
  const xml = await connection
    .domain(machine.name)
    .then((domain) => domain.xml({ inactive: true }))
    .catch((error: unknown) => {
      if (isNotFound(error)) return '';
      throw error;
    });
  const known = parseDisks(xml);
  return firstDisks(machine).map(
    (disk) => known.find(({ serial }) => serial === disk.serial) ?? disk,
  );
}

/** The disks in a domain's XML, in its order. Pure. */
export function parseDisks(xml: string): DiskFile[] {
  return [...xml.matchAll(/<disk\b[^>]*>([\s\S]*?)<\/disk>/g)].flatMap(([, text = '']) => {
    // Of a running domain libvirt also lists what the file is based on.
    const own = text.replace(/<backingStore[\s\S]*<\/backingStore>/, '');
    const path = /<source file=['"]([^'"]+)['"]/.exec(own)?.[1];
    const serial = /<serial>([^<]+)<\/serial>/.exec(own)?.[1];
    return path === undefined ? [] : [{ path, serial }];
  });
}
