// Volumes that are made and are nobody's yet. Each is noted on disk before: what is left of a change that was broken off is
// deleted, by whomever it was, and also when the agent itself was killed meanwhile.
import { readFile, rename, writeFile } from 'node:fs/promises';
import {
  type Connection,
  isNotFound,
  LibvirtError,
  type StoragePool,
  type StorageVolume,
} from '@skerry/libvirt';
import { VerbError } from '../verb-error.ts';
import { type NewVolumeXml, volumeXml } from './new-domain-xml.ts';
import { UNDO } from './verbs/handler.ts';

/** A volume that nothing uses yet. */
export interface NewVolume {
  readonly pool: string;
  readonly name: string;
  readonly path: string;
}

type Note = Pick<NewVolume, 'pool' | 'name'>;

interface CreateOptions {
  /** What is copied into it; as long as that takes, libvirt goes on with it whatever happens here. */
  readonly from?: StorageVolume;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export class NewVolumes {
  readonly #file: string;
  readonly #notes: Map<string, Note>;
  /** Those that somebody is making at the moment. */
  readonly #underWay = new Set<string>();
  #saving: Promise<void> = Promise.resolve();

  private constructor(file: string, notes: readonly Note[]) {
    this.#file = file;
    this.#notes = new Map(notes.map((note) => [keyOf(note), note]));
  }

  /** @param file where they are noted; without it there are none */
  static async load(file: string): Promise<NewVolumes> {
    const notes = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as Note[],
      () => [],
    );
    return new NewVolumes(file, notes);
  }

  /**
   * Makes one. Until {@link keep} it is deleted with {@link drop}, or by {@link sweep}.
   *
   * @throws VerbError `conflict` when there is one of that name; LibvirtError
   */
  async create(
    pool: StoragePool,
    volume: NewVolumeXml,
    options: CreateOptions,
  ): Promise<NewVolume> {
    const note = { pool: pool.name, name: volume.name };
    const key = keyOf(note);
    await this.#refuseTaken(pool, note);
    this.#underWay.add(key);
    try {
      await this.#note(note);
      const made = await pool.createVolume(volumeXml(volume), options);
      return { ...note, path: await made.path(options) };
    } catch (error) {
      this.#underWay.delete(key);
      // What libvirt refuses or cannot do it takes back itself; there may be another's of that name.
      if (error instanceof LibvirtError) await this.keep(note);
      throw error;
    }
  }

  /** From now on it is somebody's: to be said before something uses it, as what is in use must not be deleted. */
  async keep(volume: Note): Promise<void> {
    this.#underWay.delete(keyOf(volume));
    this.#notes.delete(keyOf(volume));
    await this.#save();
  }

  /** Deletes it, now or as soon as libvirt has let go of it. Never throws. */
  async drop(connection: Connection, volume: Note): Promise<void> {
    this.#underWay.delete(keyOf(volume));
    await this.#note(volume).catch(() => {});
    await this.#delete(connection, volume);
  }

  /** Deletes what was left. Never throws: what cannot be deleted yet, as libvirt still copies to it, is left for the next time. */
  async sweep(connection: Connection): Promise<void> {
    for (const [key, note] of this.#notes)
      if (!this.#underWay.has(key)) await this.#delete(connection, note);
  }

  async #delete(connection: Connection, note: Note): Promise<void> {
    try {
      const pool = await connection.pool(note.pool, UNDO);
      await (await pool.volume(note.name, UNDO)).delete(UNDO);
    } catch (error) {
      if (!isNotFound(error)) return;
    }
    await this.keep(note).catch(() => {});
  }

  async #refuseTaken(pool: StoragePool, note: Note): Promise<void> {
    if (this.#underWay.has(keyOf(note)))
      throw new VerbError('conflict', `'${note.name}' is being made already`);
    if (this.#notes.has(keyOf(note)))
      throw new VerbError(
        'conflict',
        `what is left of a '${note.name}' that was broken off is being deleted: try again in a moment`,
      );
    const isThere = await pool.volume(note.name, UNDO).then(
      () => true,
      (error: unknown) => {
        if (isNotFound(error)) return false;
        throw error;
      },
    );
    if (isThere)
      throw new VerbError('conflict', `there is a '${note.name}' in ${pool.name} already`);
  }

  #note(note: Note): Promise<void> {
    const { pool, name } = note;
    this.#notes.set(keyOf(note), { pool, name });
    return this.#save();
  }

  #save(): Promise<void> {
    const write = async (): Promise<void> => {
      await writeFile(`${this.#file}.new`, JSON.stringify([...this.#notes.values()]));
      await rename(`${this.#file}.new`, this.#file);
    };
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }
}

function keyOf({ pool, name }: Note): string {
  return `${pool}/${name}`;
}
