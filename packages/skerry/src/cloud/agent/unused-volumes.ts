// Volumes that nothing uses: made for something that does not use them yet, or left by what did. Each is noted on disk, and
// deleted when libvirt lets go of it, unless something uses it after all: so what is broken off, also by the end of the
// agent, neither leaves a volume nor takes one away.
import { open, readFile, rename } from 'node:fs/promises';
import {
  type Connection,
  type Domain,
  isNotFound,
  LibvirtError,
  type StoragePool,
  type StorageVolume,
} from '@skerry/libvirt';
import { messageOf } from '../../util/message-of.ts';
import type { VmState } from '../entity.ts';
import { type Element, parseXml, walk } from '../xml/element.ts';
import { type NewVolumeXml, volumeXml } from './new-domain-xml.ts';
import { UNDO } from './verbs/handler.ts';

/** Which volume, by libvirt's names. */
export interface VolumeId {
  readonly pool: string;
  readonly name: string;
}

/** A volume that was made, and that nothing uses yet. */
export interface NewVolume extends VolumeId {
  readonly path: string;
}

interface CreateOptions {
  /** What is copied into it; as long as that takes, libvirt goes on with it whatever happens here. */
  readonly from?: StorageVolume;
  readonly signal: AbortSignal;
}

/** What became of a volume: `used` ones stay, and what is `left` is deleted later. */
export type Fate = 'gone' | 'used' | 'left';

/** How long one that cannot be deleted is left alone at most. */
const REST_MS = 600_000;
/** libvirt may still be doing what we have lost sight of: so long it is not asked whether something uses the volume. */
const SETTLE_MS = 10_000;

export class UnusedVolumes {
  readonly #file: string;
  readonly #noted: Map<string, VolumeId>;
  /** Those that somebody is making at the moment. */
  readonly #underWay = new Set<string>();
  /** When others may be looked at. */
  readonly #dueAt = new Map<string, number>();
  /** How often those could not be deleted that can be not. */
  readonly #failures = new Map<string, number>();
  readonly #say: (error: unknown) => void;
  #saving: Promise<void> = Promise.resolve();

  private constructor(file: string, noted: readonly VolumeId[], say: (error: unknown) => void) {
    this.#file = file;
    this.#say = say;
    this.#noted = new Map(noted.map((each) => [keyOf(each), each]));
    for (const key of this.#noted.keys()) this.#dueAt.set(key, Date.now() + SETTLE_MS);
  }

  /**
   * @param file where they are noted; one that cannot be read counts as empty
   * @param say is told of that, and of volumes that cannot be deleted
   */
  static async load(file: string, say: (error: unknown) => void): Promise<UnusedVolumes> {
    return new UnusedVolumes(file, await readNotes(file, say), say);
  }

  /**
   * Makes one, whose name nothing else ever has. It is to be said with {@link keep} when something uses it.
   *
   * @throws LibvirtError
   */
  async create(
    pool: StoragePool,
    volume: NewVolumeXml,
    options: CreateOptions,
  ): Promise<NewVolume> {
    const id = { pool: pool.name, name: volume.name };
    this.#underWay.add(keyOf(id));
    try {
      await this.#note([id]);
      const made = await pool.createVolume(volumeXml(volume), options);
      return { ...id, path: await made.path(options) };
    } catch (error) {
      // What libvirt refuses or cannot do it takes back itself.
      if (error instanceof LibvirtError) await this.keep(id);
      else this.#leave(id);
      throw error;
    }
  }

  /** Something uses it now. */
  async keep(volume: VolumeId): Promise<void> {
    const key = keyOf(volume);
    this.#underWay.delete(key);
    this.#dueAt.delete(key);
    this.#failures.delete(key);
    if (this.#noted.delete(key)) await this.#save();
  }

  /** The same of all that a machine has: it goes to where nobody sees any more that it uses them. @throws LibvirtError */
  async keepDisks(connection: Connection, { disks }: Pick<VmState, 'disks'>): Promise<void> {
    const sources = new Set(disks.map(({ source }) => source));
    for (const [key, id] of this.#noted) {
      const volume = await find(connection, id);
      if (sources.has(key) || (volume && sources.has(await volume.path(UNDO)))) await this.keep(id);
    }
  }

  /**
   * Deletes it, unless something uses it; now where libvirt is done with it, else as soon as it is. Never throws.
   *
   * @param error what went wrong with its use. Where that is not libvirt's answer, libvirt may be using it in a moment.
   */
  async drop(connection: Connection, volume: VolumeId, error?: unknown): Promise<Fate> {
    await this.#note([volume]).catch(() => {});
    if (error !== undefined && !(error instanceof LibvirtError)) {
      this.#leave(volume);
      return 'left';
    }
    this.#underWay.delete(keyOf(volume));
    return this.#tryDelete(connection, volume);
  }

  /**
   * Does a step after which nothing uses these any more, and deletes them. They are noted before: none is left when the agent
   * ends in between. Where it is not known whether the step was done, they are looked at later.
   *
   * @returns those that are gone
   */
  async dropAfter(
    connection: Connection,
    volumes: readonly VolumeId[],
    step: () => Promise<unknown>,
  ): Promise<VolumeId[]> {
    for (const each of volumes) this.#underWay.add(keyOf(each));
    try {
      await this.#note(volumes);
      await step();
    } catch (error) {
      for (const each of volumes)
        if (error instanceof LibvirtError) await this.keep(each);
        else this.#leave(each);
      throw error;
    }
    const gone: VolumeId[] = [];
    for (const each of volumes) if ((await this.drop(connection, each)) === 'gone') gone.push(each);
    return gone;
  }

  /** Deletes those that were left. What cannot be deleted yet, as libvirt still copies to it, is left for the next time. */
  async sweep(connection: Connection): Promise<void> {
    for (const [key, volume] of this.#noted)
      if (!this.#underWay.has(key) && Date.now() >= (this.#dueAt.get(key) ?? 0))
        await this.#tryDelete(connection, volume);
  }

  #leave(volume: VolumeId): void {
    this.#underWay.delete(keyOf(volume));
    this.#dueAt.set(keyOf(volume), Date.now() + SETTLE_MS);
  }

  /** Each time it cannot be deleted it is left alone for longer, and that is said once. */
  async #tryDelete(connection: Connection, id: VolumeId): Promise<Fate> {
    const key = keyOf(id);
    try {
      return await this.#delete(connection, id);
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      if (error instanceof LibvirtError && failures === 0)
        this.#say(new Error(`the volume ${key} cannot be deleted yet: ${messageOf(error)}`));
      this.#failures.set(key, failures + 1);
      this.#dueAt.set(key, Date.now() + Math.min(REST_MS, SETTLE_MS * 2 ** failures));
      return 'left';
    }
  }

  async #delete(connection: Connection, id: VolumeId): Promise<Fate> {
    const volume = await find(connection, id);
    const isFree = !volume || !(await isUsed(connection, id, await volume.path(UNDO)));
    if (isFree) await volume?.delete(UNDO);
    await this.keep(id);
    return isFree ? 'gone' : 'used';
  }

  #note(volumes: readonly VolumeId[]): Promise<void> {
    if (volumes.length === 0) return Promise.resolve();
    for (const { pool, name } of volumes) {
      const id = { pool, name };
      this.#noted.set(keyOf(id), id);
    }
    return this.#save();
  }

  #save(): Promise<void> {
    const write = async (): Promise<void> => {
      await using file = await open(`${this.#file}.new`, 'w', 0o600);
      await file.writeFile(JSON.stringify([...this.#noted.values()]));
      await file.sync();
      await rename(`${this.#file}.new`, this.#file);
    };
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }
}

async function readNotes(file: string, say: (error: unknown) => void): Promise<VolumeId[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VolumeId[];
  } catch (error) {
    const isNew = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isNew) say(new Error(`${file}: ${messageOf(error)}; volumes that were left stay`));
    return [];
  }
}

async function find(
  connection: Connection,
  { pool, name }: VolumeId,
): Promise<StorageVolume | undefined> {
  try {
    return await (await connection.pool(pool, UNDO)).volume(name, UNDO);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whether a machine has it, as it runs or as it is defined; or a disk is based on it. */
async function isUsed(connection: Connection, id: VolumeId, path: string): Promise<boolean> {
  const isIt = ({ attributes, children }: Element): boolean =>
    Object.values(attributes).includes(path) ||
    (attributes['pool'] === id.pool && attributes['volume'] === id.name) ||
    children.includes(path);
  const isIn = async (xml: Promise<string>): Promise<boolean> => {
    const root = await xml.catch((error: unknown) => {
      // It has gone meanwhile.
      if (isNotFound(error)) return '<gone/>';
      throw error;
    });
    return [...walk(parseXml(root))].some(([element]) => isIt(element));
  };
  for (const domain of await connection.domains(UNDO))
    for (const inactive of [false, true])
      if (await isIn(domain.xml({ inactive, ...UNDO }))) {
        if (await isLeaving(domain)) throw new Error(`${domain.name} uses it, and is on its way`);
        return true;
      }
  for (const pool of await connection.pools({ active: true, ...UNDO }))
    for (const volume of await pool.volumes(UNDO))
      if (volume.name !== id.name && (await isIn(volume.xml(UNDO)))) return true;
  return false;
}

/** Whether a machine moves away: then it may soon be used no more. What a driver does not know about jobs, it has none. */
async function isLeaving(domain: Domain): Promise<boolean> {
  const job = await domain.jobStats(UNDO).catch((error: unknown) => {
    if (error instanceof LibvirtError) return undefined;
    throw error;
  });
  return job?.operation === 'migration-out' && job.type !== 'none';
}

function keyOf({ pool, name }: VolumeId): string {
  return `${pool}/${name}`;
}
