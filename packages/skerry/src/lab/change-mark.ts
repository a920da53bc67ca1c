import type { Connection } from '@skerry/libvirt';
import {
  bareMetadataXml,
  type MachineMark,
  NAMESPACE,
  NAMESPACE_KEY,
  parseMark,
} from '../machine/metadata.ts';

/** Changes what a machine's domain says of it. One that says nothing is left alone. */
export async function changeMark(
  connection: Connection,
  machine: string,
  change: (mark: MachineMark) => MachineMark,
): Promise<void> {
  const domain = await connection.domain(machine);
  const [xml, isActive] = await Promise.all([domain.xml({ inactive: true }), domain.isActive()]);
  const mark = parseMark(xml);
  if (!mark) return;
  const [before, after] = [bareMetadataXml(mark), bareMetadataXml(change(mark))];
  if (before === after) return;
  await domain.setMetadata({ uri: NAMESPACE }, after, {
    key: NAMESPACE_KEY,
    affect: isActive ? 'both' : 'config',
  });
}
