// Templates for tests: whole by their checksums, but of a machine that never was.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freeze } from '../src/freeze/frozen.ts';
import { hostInputs } from '../src/template/key.ts';
import type { TemplateRecord } from '../src/template/store.ts';
import { PAGE, syntheticSave } from './synthetic-stream.ts';

export const TEMPLATE_RECORD: TemplateRecord = {
  kind: 'a kind of machine',
  host: hostInputs('9.0.0'),
  image: 'debian-12',
  imageDigest: 'd'.repeat(64),
  memoryMiB: 1,
  cpus: 1,
  nested: false,
  disks: [],
  made: '2026-01-01T00:00:00.000Z',
};

/** Fills a folder as `up` does it, for makeTemplate. */
export async function fillTemplate(
  dir: string,
  record: Partial<TemplateRecord> = {},
): Promise<TemplateRecord> {
  const saved = join(dir, 'saved');
  const pages = [{ block: 'pc.ram', at: PAGE, data: Buffer.alloc(PAGE, 'memory') }];
  const stream = { blocks: [['pc.ram', 2 ** 20]], sections: [pages] } as const;
  await writeFile(saved, syntheticSave({ ...stream, devices: Buffer.from('devices') }));
  await freeze({ saved, dir, memoryMiB: 1, blockName: 'memory-file' });
  await writeFile(join(dir, 'disk.qcow2'), 'a disk');
  return { ...TEMPLATE_RECORD, ...record };
}
