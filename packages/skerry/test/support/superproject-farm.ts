import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FarmOptions {
  /** How many components: `c001`, `c002` and so on, each at the path of its name. */
  readonly components?: number;
  /** Their names instead; slashes are allowed. */
  readonly names?: readonly string[];
  /** Milliseconds that each connection takes to be set up; 0 unless told. */
  readonly latencyMs?: number;
  /** The branch that a component has and follows; `main` unless told. */
  readonly branch?: (index: number) => string;
  /** How `.gitmodules` writes the urls; relative unless told. */
  readonly urls?: 'relative' | 'absolute';
  /** Commits of each component; 3 unless told. */
  readonly commits?: number;
  /** The server does not pass GIT_PROTOCOL on, as many sshd do: all speak protocol v0. */
  readonly isOldProtocol?: boolean;
}

/** What a commit changes: path to text; `undefined` removes. */
export type Files = Readonly<Record<string, string | undefined>>;

export interface CommitOptions {
  readonly branch?: string;
  readonly message?: string;
  /** What it is made on, instead of the tip of the branch; '' makes a root commit. The branch is moved by force. */
  readonly from?: string;
  readonly isExecutable?: boolean;
  /** Path to the commit of a component that is pinned there, as somebody does by hand. */
  readonly pins?: Readonly<Record<string, string>>;
}

/** A bare repository of the farm. */
export interface FarmRepository {
  readonly name: string;
  readonly path: string;
  readonly branch: string;
  /** The url that works with the farm's environment. */
  readonly url: string;
  /** Its folder on this computer. */
  readonly gitDir: string;
  /** Makes a commit with a fixed date right in the bare repository; gives its id. */
  commit(files: Files, options?: CommitOptions): Promise<string>;
  tip(branch?: string): Promise<string>;
  git(...args: string[]): Promise<string>;
}

/**
 * N bare component repositories and a superproject that pins their tips on `main`, with the same object ids each time,
 * behind a fake ssh. So a connection costs every tool the same, and none takes shortcuts for local paths.
 */
export interface Farm extends AsyncDisposable {
  readonly dir: string;
  /** The superproject's. */
  readonly url: string;
  readonly super: FarmRepository;
  readonly components: readonly FarmRepository[];
  /** A HOME of its own, no system configuration, the fake ssh. */
  readonly env: Readonly<Record<string, string>>;
  component(index: number): FarmRepository;
  /** Commands that were run over ssh since the beginning or the last `forget`, such as `upload-pack ./c001.git`. */
  connections(): Promise<readonly string[]>;
  forget(): Promise<void>;
  /** Shell text that each connection runs first, in the farm's folder, with $command and $repository: `exit 1` refuses it. */
  onConnect(shell: string): Promise<void>;
  /** A git with the farm's environment; gives its stdout without the last newline, throws with its stderr. */
  git(cwd: string, ...args: string[]): Promise<string>;
  /** Puts the environment into that of this process until the farm is disposed of, for code that starts git itself. */
  enter(): void;
}

const HOST = 'ssh://farm.example/';
const FIRST_SECOND = 1_700_000_000;

export async function makeFarm(options: FarmOptions = {}): Promise<Farm> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-'));
  const env = await environment(dir, options);
  const names =
    options.names ??
    Array.from({ length: options.components ?? 3 }, (_, i) => `c${String(i + 1).padStart(3, '0')}`);
  const git = (cwd: string, ...args: string[]): Promise<string> => runGit(args, { cwd, env });
  const clock = { ticks: 0 };
  const make = (name: string, branch: string): FarmRepository =>
    repository({ name, branch, dir, env, clock });
  const components = names.map((name, i) => make(name, options.branch?.(i) ?? 'main'));
  const main = make('super', 'main');
  const pins: string[] = [];
  const todo = [...components.entries()];
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let next = todo.shift(); next; next = todo.shift())
        pins[next[0]] = await fill(next[1], options.commits ?? 3);
    }),
  );
  await bare(main);
  const links = linkText(components.map(({ path }, i) => [path, pins[i]]));
  await fastImport(main, env, { files: { '.gitmodules': gitmodules(components, options) }, links });
  const saved = new Map(Object.keys(env).map((name) => [name, process.env[name]]));
  let hasEntered = false;
  return {
    dir,
    env,
    components,
    git,
    url: main.url,
    super: main,
    component(index) {
      const found = components[index];
      if (!found) throw new Error(`the farm has no component ${index}`);
      return found;
    },
    async connections() {
      return (await readFile(join(dir, 'connections.log'), 'utf8')).split('\n').filter(Boolean);
    },
    forget: () => writeFile(join(dir, 'connections.log'), ''),
    async onConnect(shell) {
      // Renamed, so that a connection that begins right now reads all of it or nothing.
      await writeFile(join(dir, 'on-connect.new'), `${shell}\n`);
      await rename(join(dir, 'on-connect.new'), join(dir, 'on-connect'));
    },
    enter() {
      hasEntered = true;
      Object.assign(process.env, env);
    },
    async [Symbol.asyncDispose]() {
      if (hasEntered)
        for (const [name, value] of saved)
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

async function environment(dir: string, options: FarmOptions): Promise<Record<string, string>> {
  const home = join(dir, 'home');
  await mkdir(home);
  await writeFile(
    join(home, '.gitconfig'),
    '[user]\n\tname = Farm\n\temail = farm@farm.example\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[advice]\n\tdetachedHead = false\n',
  );
  await writeFile(join(dir, 'connections.log'), '');
  await writeFile(join(dir, 'on-connect'), '');
  const script = join(dir, 'fakessh');
  await writeFile(script, fakeSsh(dir, options));
  await chmod(script, 0o755);
  return {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_SSH_COMMAND: script,
    // Else git tries to find out what kind of ssh it is, with a connection of its own.
    GIT_SSH_VARIANT: 'ssh',
    GIT_AUTHOR_DATE: `${FIRST_SECOND} +0000`,
    GIT_COMMITTER_DATE: `${FIRST_SECOND} +0000`,
  };
}

/** git calls it as `fakessh -o ... farm.example "git-upload-pack '/c001.git'"`. */
function fakeSsh(dir: string, { latencyMs = 0, isOldProtocol }: FarmOptions): string {
  return `#!/bin/sh
for last; do :; done
cd '${dir}' || exit 1
command=\${last%%\\'*}; command=\${command#git-}; command=\${command% }
repository=\${last#*\\'}; repository=.\${repository%\\'}
echo "$command $repository" >> connections.log
${latencyMs > 0 ? `sleep ${latencyMs / 1000}` : ''}
${isOldProtocol ? 'unset GIT_PROTOCOL' : ''}
. ./on-connect
exec git "$command" "$repository"
`;
}

interface Made {
  readonly name: string;
  readonly branch: string;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Commits made after the first ones: the time of the next. One clock for the farm, so that ids do not depend on other farms. */
  readonly clock: { ticks: number };
}

function repository({ name, branch, dir, env, clock }: Made): FarmRepository {
  const gitDir = join(dir, `${name}.git`);
  const git = (...args: string[]): Promise<string> => runGit(args, { cwd: gitDir, env });
  const made: FarmRepository = {
    name,
    path: name,
    branch,
    gitDir,
    url: `${HOST}${name}.git`,
    git,
    tip: (of = branch) => git('rev-parse', '--verify', `refs/heads/${of}`),
    commit: (files, options = {}) =>
      fastImport(made, env, { files, ticks: ++clock.ticks, ...options }),
  };
  return made;
}

/** Written by hand: `git init` for 500 takes long. */
async function bare({ gitDir, branch }: FarmRepository): Promise<void> {
  await mkdir(join(gitDir, 'objects'), { recursive: true });
  await mkdir(join(gitDir, 'refs'));
  await writeFile(join(gitDir, 'HEAD'), `ref: refs/heads/${branch}\n`);
  // Any existing commit may be asked for only over protocol v2: v0 stays as strict as hosts have it.
  await writeFile(
    join(gitDir, 'config'),
    '[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n[uploadpack]\n\tallowFilter = true\n[receive]\n\tautogc = false\n',
  );
}

async function fill(component: FarmRepository, commits: number): Promise<string> {
  await bare(component);
  const { name, branch } = component;
  let stream = '';
  for (let i = 1; i <= commits; i++)
    stream += commitText({
      branch,
      from: i === 1 ? '' : undefined,
      seconds: FIRST_SECOND + i,
      message: `${name} ${i}`,
      files: { README: `${name}\n`, [`src/${i}.txt`]: `${name} ${i}\n` },
    });
  return importStream(component, componentEnv(component), `${stream}get-mark :1\n`);
}

/** Filling needs nothing of the farm's environment but that no other configuration gets in. */
function componentEnv({ gitDir }: FarmRepository): Record<string, string> {
  return { HOME: gitDir, GIT_CONFIG_NOSYSTEM: '1' };
}

async function fastImport(
  to: FarmRepository,
  env: Readonly<Record<string, string>>,
  {
    files,
    links,
    branch = to.branch,
    message,
    from,
    pins = {},
    isExecutable,
    ticks = 0,
  }: CommitOptions & { files: Files; links?: string; ticks?: number },
): Promise<string> {
  const has = await to
    .git('rev-parse', '--quiet', '--verify', `refs/heads/${branch}`)
    .catch(() => '');
  const isFirst = links !== undefined;
  const stream = commitText({
    branch,
    from: from ?? (has === '' && !isFirst ? await to.tip() : has),
    seconds: FIRST_SECOND + 1000 + ticks,
    message: message ?? (isFirst ? 'components' : `change ${ticks}`),
    files,
    isExecutable,
    links: links ?? linkText(Object.entries(pins)),
  });
  return importStream(to, env, `${stream}get-mark :1\n`, ['--force']);
}

interface Text {
  readonly branch: string;
  /** '' for a root commit; undefined goes on from the last one of the stream. */
  readonly from: string | undefined;
  readonly seconds: number;
  readonly message: string;
  readonly files: Files;
  readonly isExecutable?: boolean | undefined;
  readonly links?: string;
}

function linkText(pins: readonly (readonly [string, string | undefined])[]): string {
  return pins.map(([path, pin = '']) => `M 160000 ${pin} ${path}\n`).join('');
}

/** One commit as git-fast-import(1) takes it. */
function commitText({
  branch,
  from,
  seconds,
  message,
  files,
  isExecutable,
  links = '',
}: Text): string {
  const mode = isExecutable ? '100755' : '100644';
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const changes = Object.entries(files).map(([path, text]) =>
    text === undefined ? `D ${path}\n` : `M ${mode} inline ${path}\n${data(text)}`,
  );
  const reset = from === '' ? `reset refs/heads/${branch}\n` : '';
  const parent = from ? `from ${from}\n` : '';
  return `${reset}commit refs/heads/${branch}\nmark :1\ncommitter Farm <farm@farm.example> ${seconds} +0000\n${data(message)}${parent}${links}${changes.join('')}\n`;
}

async function importStream(
  { gitDir }: FarmRepository,
  env: Readonly<Record<string, string>>,
  stream: string,
  more: readonly string[] = [],
): Promise<string> {
  const args = [
    '-c',
    'fastimport.unpackLimit=0',
    'fast-import',
    '--quiet',
    '--date-format=raw',
    ...more,
  ];
  return runGit(args, { cwd: gitDir, env, input: stream });
}

async function runGit(
  args: readonly string[],
  { cwd, env, input = '' }: { cwd: string; env: Readonly<Record<string, string>>; input?: string },
): Promise<string> {
  const child = spawn('git', args, { cwd, env: { ...process.env, LC_ALL: 'C', ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {}).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`git ${args.join(' ')} in ${cwd}: code ${code}\n${stderr}`);
  return stdout.replace(/\n$/, '');
}

function gitmodules(components: readonly FarmRepository[], { urls }: FarmOptions): string {
  return components
    .map(
      ({ name, path, url, branch }) =>
        `[submodule "${name}"]\n\tpath = ${path}\n\turl = ${urls === 'absolute' ? url : `../${name}.git`}\n\tbranch = ${branch}\n`,
    )
    .join('');
}
