// An ordinary user to run labs as, when the suite itself runs as root.
import { constants } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, SKERRY } from './cli.ts';

export interface OrdinaryUser extends AsyncDisposable {
  readonly name: string;
  readonly uid: number;
  /** The first and the last id of the user's own range (/etc/subuid). */
  readonly subIds: readonly [number, number];
  /** Words before a program that run it as this user. */
  readonly as: readonly string[];
  /** A folder of the user's, outside any home. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Node and skerry.js where this user may read them. */
  readonly program: readonly string[];
}

// scripts/setup --test makes it.
const NAME = process.env.SKERRY_TEST_USER ?? 'skerry-test';
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** The user with a new home, clean but for the images, or whoever runs the suite when that is not root. */
export async function ordinaryUser(): Promise<OrdinaryUser> {
  const isRoot = process.getuid?.() === 0;
  const { name, uid, gid, as } = await testUser();
  const folder = await mkdtemp(join(tmpdir(), 'skerry-user-'));
  const home = join(folder, 'home');
  const data = join(home, '.local/share/skerry');
  await mkdir(data, { recursive: true });
  const images = join(
    process.env.SKERRY_DATA_DIR ?? join(homedir(), '.local/share/skerry'),
    'images',
  );
  const digest = (await readFile(join(images, 'names', 'debian-12'), 'utf8')).trim();
  for (const part of ['names/debian-12', digest])
    await cp(join(images, part), join(data, 'images', part), {
      recursive: true,
      mode: constants.COPYFILE_FICLONE,
    });
  if (isRoot) await finish(['chown', '-R', `${uid}:${gid}`, folder]);
  await chmod(folder, 0o755);
  const env = {
    HOME: home,
    USER: name,
    LOGNAME: name,
    XDG_STATE_HOME: '',
    XDG_DATA_HOME: '',
    XDG_CACHE_HOME: '',
    SKERRY_DATA_DIR: data,
    SKERRY_CACHE_DIR: join(home, '.cache/skerry'),
  };
  return {
    name,
    uid,
    subIds: await subIdsOf(name, uid),
    as,
    folder,
    env,
    program: await readableProgram(as, folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A checkout of root's, in /root perhaps, may be closed to others: then a copy of it. */
async function readableProgram(as: readonly string[], folder: string): Promise<readonly string[]> {
  const isReadable = await finish([...as, process.execPath, SKERRY, '--version'], { cwd: '/' });
  if (isReadable.code === 0) return [process.execPath, SKERRY];
  const copy = await copyRepository(folder);
  return ['node_modules/node/bin/node', 'packages/skerry/bin/skerry.js'].map((path) =>
    join(copy, path),
  );
}

/** The checkout for programs that need no build, or a copy of it where the user may not read it. */
export async function readableSources(as: readonly string[], folder: string): Promise<string> {
  const look = ['sh', '-c', 'test -x "$0" && test -r "$1"', process.execPath, SKERRY];
  const isReadable = await finish([...as, ...look], { cwd: '/' });
  return isReadable.code === 0 ? REPOSITORY : copyRepository(folder);
}

/** Of links, where that works. */
async function copyRepository(folder: string): Promise<string> {
  const copy = join(folder, 'repository');
  await mkdir(copy);
  for (const part of ['packages', 'node_modules', 'package.json']) {
    const linked = await finish(['cp', '-al', join(REPOSITORY, part), copy]);
    if (linked.code !== 0) await finish(['cp', '-a', join(REPOSITORY, part), copy]);
  }
  return copy;
}

/** The user's name and ids; whoever runs the suite, when that is not root. */
export async function testUser(): Promise<{
  name: string;
  uid: number;
  gid: number;
  as: string[];
}> {
  const isRoot = process.getuid?.() === 0;
  return {
    name: isRoot ? NAME : userInfo().username,
    uid: isRoot ? await idOf('-u') : userInfo().uid,
    gid: isRoot ? await idOf('-g') : userInfo().gid,
    as: isRoot ? ['runuser', '-u', NAME, '--'] : [],
  };
}

async function idOf(kind: '-u' | '-g'): Promise<number> {
  const { code, stdout } = await finish(['id', kind, NAME]);
  if (code !== 0) throw new Error(`there is no user ${NAME}: run sh scripts/setup --yes --test`);
  return Number(stdout);
}

async function subIdsOf(name: string, uid: number): Promise<readonly [number, number]> {
  const lines = (await readFile('/etc/subuid', 'utf8')).split('\n').map((line) => line.split(':'));
  const [, first, count] = lines.find(([owner]) => owner === name || owner === String(uid)) ?? [];
  return [Number(first), Number(first) + Number(count) - 1];
}
