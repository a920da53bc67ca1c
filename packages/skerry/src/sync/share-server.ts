// Answers what a machine asks of a folder of this host that it has mounted: FUSE, as virtiofs has it, but over the guest
// channel. It acts as the user whose lab it is, and keeps nothing that a new one would miss. All calls are synchronous:
// between a look at a path and its use nothing that the machine does can come.
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants as fs,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import {
  type Attributes,
  formatAttr,
  formatEntry,
  formatInit,
  formatListed,
  formatReply,
  type Listed,
  namesIn,
  OP,
  type Request,
  SET,
  takeRequests,
} from './fuse-wire.ts';
import { Nodes, Refused } from './share-nodes.ts';

/** No set-uid and set-gid: a machine could make programs here that run as whoever owns them. */
const MODES = 0o1777;
/** So many files that are gone are kept open at most. */
const ORPHANS = 512;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export class ShareServer {
  readonly #nodes: Nodes;
  readonly #owner: Owner;
  /** Files that are gone from their folder, but that the machine has open. */
  readonly #orphans = new Map<bigint, number>();
  /** What a folder had when its list was begun. */
  readonly #lists = new Map<bigint, readonly string[]>();
  #rest: Buffer = Buffer.alloc(0);

  /** @param owner to whom all belongs, as the machine sees it; @throws when the folder is not there */
  constructor(root: string, owner: Owner) {
    this.#nodes = new Nodes(root);
    this.#owner = owner;
  }

  /** Takes what came from the machine, in pieces of any size; gives what is to be answered. */
  take(chunk: Buffer): Buffer[] {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const { requests, taken } = takeRequests(buffer);
    const answers = requests.flatMap((request) => this.#answer(request) ?? []);
    this.#rest = Buffer.from(buffer.subarray(taken));
    return answers;
  }

  close(): void {
    for (const fd of this.#orphans.values()) closeSync(fd);
    this.#orphans.clear();
  }

  #answer(request: Request): Buffer | undefined {
    const { opcode, unique, node, body } = request;
    if (opcode === OP.forget) return this.#forget(node);
    if (opcode === OP.batchForget) {
      for (let at = 8; at + 16 <= body.length; at += 16) this.#forget(body.readBigUInt64LE(at));
      return undefined;
    }
    if (opcode === OP.interrupt || opcode === OP.destroy) return undefined;
    try {
      return formatReply(unique, 0, this.#do(request));
    } catch (error) {
      return formatReply(unique, errorNumber(error));
    }
  }

  // eslint-disable-next-line complexity -- one line for each request
  #do({ opcode, node, body }: Request): Buffer | undefined {
    switch (opcode) {
      case OP.init:
        return formatInit();
      case OP.lookup:
        return this.#entry(this.#nodes.child(node, firstName(body)));
      case OP.getattr:
        return formatAttr(this.#attributes(this.#statOf(node), node));
      case OP.setattr:
        return this.#setAttributes(node, body);
      case OP.readlink: {
        const path = this.#nodes.bytes(this.#nodes.find(node).path);
        return readlinkSync(path, { encoding: 'buffer' });
      }
      case OP.symlink: {
        const [name = '', target = ''] = namesIn(body, 0);
        return this.#make(node, name, (path) => symlinkSync(Buffer.from(target, 'latin1'), path));
      }
      case OP.mknod:
        return this.#makeFile(node, body);
      case OP.mkdir:
        return this.#make(node, firstName(body, 8), (path) => {
          mkdirSync(path);
          chmodSync(path, body.readUInt32LE(0) & ~body.readUInt32LE(4) & MODES);
        });
      case OP.unlink:
        return this.#unlink(this.#nodes.child(node, firstName(body)));
      case OP.rmdir:
        rmdirSync(this.#nodes.bytes(this.#nodes.child(node, firstName(body))));
        return undefined;
      case OP.rename:
        return this.#rename(node, body);
      case OP.link: {
        const from = this.#nodes.bytes(this.#nodes.find(body.readBigUInt64LE(0)).path);
        return this.#make(node, firstName(body, 8), (path) => linkSync(from, path));
      }
      case OP.read:
        return this.#read(node, Number(body.readBigUInt64LE(8)), body.readUInt32LE(16));
      case OP.write:
        return this.#write(node, Number(body.readBigUInt64LE(8)), body.subarray(40));
      case OP.statfs:
        return this.#statfs();
      case OP.readdir:
      case OP.readdirplus:
        return this.#list(
          ...([node, Number(body.readBigUInt64LE(8)), body.readUInt32LE(16)] as const),
          opcode === OP.readdirplus,
        );
      default:
        throw new Refused('ENOSYS');
    }
  }

  #entry(path: string): Buffer {
    const stat = this.#nodes.stat(path);
    const node = this.#nodes.note(path, stat);
    return formatEntry(node, stat.birthtimeNs, this.#attributes(stat, node));
  }

  #attributes(stat: BigIntStats, node: bigint): Attributes {
    const { size, blocks, atimeNs, mtimeNs, ctimeNs } = stat;
    const [mode, nlink] = [Number(stat.mode), Number(stat.nlink)];
    return {
      ...{ size, blocks, atimeNs, mtimeNs, ctimeNs, mode, nlink },
      ...this.#owner,
      ino: node,
    };
  }

  #statOf(node: bigint): BigIntStats {
    const fd = this.#orphans.get(node);
    return fd === undefined ? this.#nodes.find(node).stat : fstatSync(fd, { bigint: true });
  }

  #make(folder: bigint, name: string, make: (path: Buffer) => void): Buffer {
    const path = this.#nodes.child(folder, name);
    make(this.#nodes.bytes(path));
    return this.#entry(path);
  }

  #makeFile(folder: bigint, body: Buffer): Buffer {
    const mode = body.readUInt32LE(0);
    if ((mode & fs.S_IFMT) !== fs.S_IFREG) throw new Refused('EPERM');
    return this.#make(folder, firstName(body, 16), (path) => {
      const fd = openSync(path, fs.O_CREAT | fs.O_EXCL | fs.O_WRONLY | fs.O_NOFOLLOW, 0o600);
      try {
        fchmodSync(fd, mode & ~body.readUInt32LE(8) & MODES);
      } finally {
        closeSync(fd);
      }
    });
  }

  #setAttributes(node: bigint, body: Buffer): Buffer {
    const valid = body.readUInt32LE(0);
    if (valid & SET.size) {
      const size = Number(body.readBigUInt64LE(16));
      this.#withFile(node, fs.O_WRONLY, (fd) => ftruncateSync(fd, size));
    }
    const stat = this.#statOf(node);
    // Whose it is stays: all is the owner's, in the machine, and the user's here.
    if (this.#orphans.has(node)) return formatAttr(this.#attributes(stat, node));
    const path = this.#nodes.bytes(this.#nodes.find(node).path);
    if (valid & SET.mode && !stat.isSymbolicLink()) chmodSync(path, body.readUInt32LE(68) & MODES);
    if (valid & (SET.atime | SET.mtime)) {
      const atime = timeOf(body, {
        at: 32,
        nsAt: 56,
        isSet: valid & SET.atime,
        isNow: valid & SET.atimeNow,
      });
      const mtime = timeOf(body, {
        at: 40,
        nsAt: 60,
        isSet: valid & SET.mtime,
        isNow: valid & SET.mtimeNow,
      });
      lutimesSync(path, atime ?? seconds(stat.atimeNs), mtime ?? seconds(stat.mtimeNs));
    }
    return formatAttr(this.#attributes(this.#statOf(node), node));
  }

  #unlink(path: string): undefined {
    const stat = this.#nodes.stat(path);
    this.#keep(path, stat);
    unlinkSync(this.#nodes.bytes(path));
  }

  #rename(folder: bigint, body: Buffer): undefined {
    const [from = '', to = ''] = namesIn(body, 8);
    const source = this.#nodes.child(folder, from);
    const target = this.#nodes.child(body.readBigUInt64LE(0), to);
    try {
      this.#keep(target, this.#nodes.stat(target));
    } catch {
      // Nothing there that would go.
    }
    renameSync(this.#nodes.bytes(source), this.#nodes.bytes(target));
    this.#nodes.note(target, this.#nodes.stat(target));
  }

  /** A file that goes stays readable to who has it open. */
  #keep(path: string, stat: BigIntStats): void {
    if (!stat.isFile() || stat.nlink > 1n) return;
    const node = this.#nodes.note(path, stat);
    if (this.#orphans.has(node) || this.#orphans.size >= ORPHANS) return;
    for (const flags of [fs.O_RDWR, fs.O_RDONLY]) {
      try {
        this.#orphans.set(node, openSync(this.#nodes.bytes(path), flags | fs.O_NOFOLLOW));
        return;
      } catch {
        // Not ours to open.
      }
    }
  }

  #forget(node: bigint): undefined {
    const fd = this.#orphans.get(node);
    if (fd !== undefined) closeSync(fd);
    this.#orphans.delete(node);
    this.#lists.delete(node);
    this.#nodes.forget(node);
  }

  #withFile<T>(node: bigint, flags: number, work: (fd: number) => T): T {
    const orphan = this.#orphans.get(node);
    if (orphan !== undefined) return work(orphan);
    const { path, stat } = this.#nodes.find(node);
    // Opening a pipe would wait for its other end.
    if (!stat.isFile()) throw new Refused(stat.isDirectory() ? 'EISDIR' : 'EPERM');
    const fd = openSync(this.#nodes.bytes(path), flags | fs.O_NOFOLLOW | fs.O_NONBLOCK);
    try {
      return work(fd);
    } finally {
      closeSync(fd);
    }
  }

  #read(node: bigint, offset: number, size: number): Buffer {
    return this.#withFile(node, fs.O_RDONLY, (fd) => {
      const buffer = Buffer.alloc(size);
      let length = 0;
      while (length < size) {
        const got = readSync(fd, buffer, length, size - length, offset + length);
        if (got === 0) break;
        length += got;
      }
      return buffer.subarray(0, length);
    });
  }

  #write(node: bigint, offset: number, data: Buffer): Buffer {
    return this.#withFile(node, fs.O_WRONLY, (fd) => {
      let length = 0;
      while (length < data.length)
        length += writeSync(fd, data, length, data.length - length, offset + length);
      const out = Buffer.alloc(8);
      out.writeUInt32LE(length, 0);
      return out;
    });
  }

  #statfs(): Buffer {
    const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(this.#nodes.root);
    const out = Buffer.alloc(80);
    for (const [at, value] of [blocks, bfree, bavail, files, ffree].entries())
      out.writeBigUInt64LE(BigInt(value), at * 8);
    for (const [at, value] of [bsize, 255, bsize].entries()) out.writeUInt32LE(value, 40 + at * 4);
    return out;
  }

  #list(node: bigint, offset: number, size: number, isPlus: boolean): Buffer {
    const { path, stat } = this.#nodes.find(node);
    if (!stat.isDirectory()) throw new Refused('ENOTDIR');
    let names = this.#lists.get(node);
    if (offset === 0 || !names) {
      const found = readdirSync(this.#nodes.bytes(path), { encoding: 'buffer' });
      names = ['.', '..', ...found.map((name) => name.toString('latin1')).sort()];
      this.#lists.set(node, names);
    }
    const out: Buffer[] = [];
    let length = 0;
    for (let at = offset; at < names.length; at++) {
      const listed = this.#listed(path, names[at] ?? '', stat);
      if (!listed) continue;
      const entry = formatListed(listed, at + 1, isPlus);
      if (length + entry.length > size) break;
      out.push(entry);
      length += entry.length;
    }
    return Buffer.concat(out);
  }

  /** Undefined of what is gone since the list was begun. */
  #listed(folder: string, name: string, own: BigIntStats): Listed | undefined {
    if (name === '.' || name === '..')
      return { name, node: 1n, generation: 0n, attributes: undefined, mode: Number(own.mode) };
    try {
      const path = folder === '' ? name : `${folder}/${name}`;
      const stat = this.#nodes.stat(path);
      const node = this.#nodes.note(path, stat);
      const attributes = this.#attributes(stat, node);
      return { name, node, generation: stat.birthtimeNs, attributes, mode: attributes.mode };
    } catch {
      return undefined;
    }
  }
}

/** The first name in a request. */
function firstName(body: Buffer, from = 0): string {
  return namesIn(body, from)[0] ?? '';
}

interface TimeField {
  readonly at: number;
  readonly nsAt: number;
  readonly isSet: number;
  readonly isNow: number;
}

/** In seconds; undefined where it stays. Now is this host's: the machine's clock may be another. */
function timeOf(body: Buffer, { at, nsAt, isSet, isNow }: TimeField): number | undefined {
  if (!isSet) return undefined;
  if (isNow) return Date.now() / 1000;
  return Number(body.readBigInt64LE(at)) + body.readUInt32LE(nsAt) / 1e9;
}

function seconds(ns: bigint): number {
  return Number(ns) / 1e9;
}

/** Node has the numbers of errno.h, negative. */
function errorNumber(error: unknown): number {
  const { errno } = error as { readonly errno?: unknown };
  return typeof errno === 'number' && errno !== 0 ? Math.abs(errno) : constants.errno.EIO;
}
