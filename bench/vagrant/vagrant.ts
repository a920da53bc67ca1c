import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext } from '../lib/bench.ts';
import { run, type ProcessOptions, type ProcessResult } from '../lib/process.ts';
import type { SkerryImage } from '../lib/skerry-image.ts';
import { makeBox } from './box-image.ts';
import { startNamespace } from './namespace.ts';
import { insecurePublicKeyFile } from './requirements.ts';
import { unpackSudo } from './sudo-package.ts';
import { type PeerMachine, vagrantfile } from './vagrantfile.ts';

export interface Vagrant {
  /** Runs `vagrant ARGS` to its end. */
  readonly vagrant: (...args: readonly string[]) => Promise<ProcessResult>;
  readonly argv: (...args: readonly string[]) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const BOX = 'skerry-debian-12';
const VAGRANT_MS = 15 * 60_000;

/** Vagrant with the image as an imported box, machines defined and none of them up. `tree`: a folder to rsync. */
export async function prepareVagrant(
  context: BenchContext,
  image: SkerryImage,
  machines: readonly PeerMachine[],
  tree?: string,
): Promise<Vagrant> {
  const { dir, signal, log } = context;
  const lab = join(dir, 'archipelago');
  await mkdir(lab);
  // Beside the box: QEMU's user may not look into the folders of whoever built the image.
  const [kernel, initrd] = [image.kernel, image.initrd].map((name) => name && join(dir, name));
  for (const name of [image.kernel, image.initrd])
    if (name) await cp(join(image.dir, name), join(dir, name));
  const { kernelArgs } = image;
  const boot = { kernel: kernel ?? '', initrd: initrd || undefined, kernelArgs };
  await writeFile(join(lab, 'Vagrantfile'), vagrantfile(BOX, boot, machines, tree));

  const namespace = await startNamespace(context);
  const env = environment(dir);
  const options: ProcessOptions = { signal, env, timeoutMs: VAGRANT_MS };
  const argv = (...args: readonly string[]): readonly string[] =>
    namespace.inside(lab, ['vagrant', ...args]);
  const vagrant = (...args: readonly string[]): Promise<ProcessResult> =>
    run(argv(...args), options);

  const { stdout } = await vagrant('--version');
  log(`making a box from ${image.dir}`);
  const box = await makeBox({
    disk: join(image.dir, image.disk),
    virtualSizeBytes: image.virtualSizeBytes,
    publicKeyFile: insecurePublicKeyFile(/[\d.]+/.exec(stdout)?.[0] ?? ''),
    sudoDir: await unpackSudo(context),
    dir: join(dir, 'box'),
    signal,
  });
  await vagrant('box', 'add', '--name', BOX, box);
  return { vagrant, argv, env };
}

function environment(dir: string): NodeJS.ProcessEnv {
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
    HOME: join(dir, 'home'),
    VAGRANT_HOME: join(dir, 'vagrant'),
    LC_ALL: 'C.UTF-8',
    VAGRANT_BOX_UPDATE_CHECK_DISABLE: '1',
    VAGRANT_CHECKPOINT_DISABLE: '1',
    VAGRANT_DEFAULT_PROVIDER: 'libvirt',
  };
}
