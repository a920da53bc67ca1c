// Which cloud the commands are about: the environment says it, or the one that runs on this machine.
import { readdir } from 'node:fs/promises';
import type { CentralAccess } from '../cloud/client/rest-client.ts';
import { SkerryError } from '../util/errors.ts';
import { cloudAccessFile, cloudsDir } from '../util/paths.ts';

const CONNECT_MS = 1000;

interface Named extends CentralAccess {
  readonly name: string;
}

/**
 * `SKERRY_CLOUD` is the address of a central, with `SKERRY_CLOUD_TOKEN`, or the name of a cloud on this machine. Half of the
 * two is refused: whoever forgot the token must not become somebody else.
 *
 * @throws CLOUD_ACCESS_HALF, CLOUD_SEVERAL, CLOUD_UNKNOWN
 */
export async function findCloud(env: NodeJS.ProcessEnv = process.env): Promise<CentralAccess> {
  const { SKERRY_CLOUD: where, SKERRY_CLOUD_TOKEN: token } = env;
  if (where && token) return { url: where, token };
  if (token !== undefined || where === '' || where?.includes('://')) {
    const isTokenMissing = where ? !token : where === undefined && !token;
    const missing = isTokenMissing ? 'SKERRY_CLOUD_TOKEN' : 'SKERRY_CLOUD';
    throw new SkerryError('CLOUD_ACCESS_HALF', { data: { missing } });
  }
  const here = await cloudsHere();
  if (where !== undefined) {
    const named = here.find(({ name }) => name === where);
    if (named) return named;
    const names = here.map(({ name }) => name).join(', ') || 'none';
    throw new SkerryError('CLOUD_NAME', { data: { name: where, names } });
  }
  // One that was killed has left its file.
  const answering = here.length > 1 ? await filter(here, answers) : here;
  const [first = here[0], ...others] = answering;
  if (!first) throw new SkerryError('CLOUD_UNKNOWN');
  if (others.length === 0) return first;
  throw new SkerryError('CLOUD_SEVERAL', {
    data: { names: answering.map(({ name }) => name).join(', '), name: first.name },
  });
}

async function cloudsHere(): Promise<Named[]> {
  const { loadAccess } = await import('../cloud/client/rest-client.ts');
  const names = await readdir(cloudsDir()).catch(() => []);
  const all = await Promise.all(
    names.map(async (name) => ({ name, access: await loadAccess(cloudAccessFile(name)) })),
  );
  return all.flatMap(({ name, access }) => (access ? [{ name, ...access }] : []));
}

async function filter<T>(all: readonly T[], holds: (each: T) => Promise<boolean>): Promise<T[]> {
  const held = await Promise.all(all.map(holds));
  return all.filter((_, at) => held[at]);
}

async function answers({ url }: CentralAccess): Promise<boolean> {
  const { dialLocal } = await import('../cloud/dial-tcp.ts');
  const { hostname, port } = new URL(url);
  try {
    (await dialLocal(hostname, Number(port), AbortSignal.timeout(CONNECT_MS))).destroy();
    return true;
  } catch {
    return false;
  }
}
