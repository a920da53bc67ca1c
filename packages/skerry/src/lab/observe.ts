import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, isNotFound } from '@skerry/libvirt';
import { parseMark } from '../machine/metadata.ts';
import type { LabPaths } from '../util/paths.ts';
import type { ObservedMachine } from './plan.ts';
import { stageOf } from './stage.ts';

/** What a template's domain is called while it is made. No machine has such a name. */
export const TEMPLATE_NAME = '.template-';

export function isTemplate(name: string): boolean {
  return name.startsWith(TEMPLATE_NAME);
}

/** Every machine the lab's libvirt knows. */
export async function observe(
  connection: Connection,
  signal?: AbortSignal,
): Promise<ObservedMachine[]> {
  const options = signal ? { signal } : {};
  const domains = (await connection.domains(options)).filter(({ name }) => !isTemplate(name));
  const seen = await Promise.all(
    domains.map(async (domain): Promise<ObservedMachine | undefined> => {
      try {
        const [{ state }, xml, stage] = await Promise.all([
          domain.state(options),
          domain.xml({ ...options, inactive: true }),
          stageOf(domain, options),
        ]);
        const running = state === 'running';
        return { name: domain.name, state, running, mark: parseMark(xml), stage };
      } catch (error) {
        // Gone between the list and the look.
        if (isNotFound(error)) return undefined;
        throw error;
      }
    }),
  );
  return seen.filter((machine) => machine !== undefined);
}

/** The same while no sandbox runs: libvirt's own definitions are in the state folder, and all of them are off. */
export async function observeOffline(paths: LabPaths): Promise<ObservedMachine[]> {
  const folder = join(paths.libvirtDir, 'etc', 'qemu');
  const files = await readdir(folder).catch(() => []);
  const seen = await Promise.all(
    files
      .filter((file) => file.endsWith('.xml'))
      .map(async (file) => {
        const mark = parseMark(await readFile(join(folder, file), 'utf8'));
        return { name: file.slice(0, -'.xml'.length), state: 'shutoff', running: false, mark };
      }),
  );
  return seen;
}
