// Which volumes are golden images. Their pool may have machines' disks as well: those are nobody else's.
import { basename, dirname } from 'node:path';
import type { EntityState } from '../entity.ts';
import { type Element, first, parseXml, textOf } from '../xml/element.ts';
import { isIn } from './is-in.ts';
import { isDiskName } from './new-domain-xml.ts';
import type { Context } from './verbs/handler.ts';

/**
 * Whether a volume of the images' pool is some machine's disk, by what machines there are and by its name: the machine may be
 * parked, or on another hypervisor.
 */
export function isSomeonesDisk(
  entities: readonly EntityState[],
  imagesPool: string,
  path: string,
): boolean {
  const names = new Set<string | null>([path, `${imagesPool}/${basename(path)}`]);
  const isUsed = entities.some(
    (each) =>
      each.kind === 'vm' &&
      each.disks.some(({ source, readonly }) => !readonly && names.has(source)),
  );
  return isUsed || isDiskName(path);
}

/** Which files are golden images, by their paths: all may read them. */
export async function imageTest({
  connection,
  entities,
  settings: { imagesPool },
  signal,
}: Context): Promise<(path: string) => boolean> {
  const pool = await connection.pool(imagesPool, { signal }).catch(() => undefined);
  const folder = pool && poolFolder(parseXml(await pool.xml({ signal })));
  return (path) =>
    folder !== undefined &&
    isIn(path, folder) &&
    dirname(path) === folder &&
    !isSomeonesDisk(entities.all, imagesPool, path);
}

/** The target folder of a `<pool>`, if it has one. */
function poolFolder(pool: Element): string | undefined {
  return first(pool, 'target') === undefined
    ? undefined
    : (textOf(pool, 'target/path') ?? undefined);
}
