import type { Command } from 'commander';
import { interruptible, printJson, withExample, withJson } from './common.ts';
import { formatTable } from './table.ts';

export function define(command: Command): void {
  const build = command
    .command('build')
    .description('Build an image from Debian packages.')
    .argument('<name>', 'such as debian-12');
  withExample(withJson(build).action(runBuild), '$ skerry image build debian-12');
  const list = command.command('list').description('List the images.');
  withExample(withJson(list).action(runList), '$ skerry image list');
  const remove = command
    .command('remove')
    .description('Remove an image that no lab uses.')
    .argument('<name>', 'its name');
  withExample(withJson(remove).action(runRemove), '$ skerry image remove debian-12');
  const prune = command
    .command('prune')
    .description('Remove what older builds left and no machine uses.');
  withExample(withJson(prune).action(runPrune), '$ skerry image prune');
  withExample(command, '$ skerry image build debian-12', '$ skerry image list --json');
}

async function runBuild(name: string, options: { json?: boolean }): Promise<void> {
  const signal = interruptible();
  const { buildImageHere } = await import('../lab/build-image.ts');
  const { Progress } = await import('../lab/progress.ts');
  const { progressView } = await import('./progress-view.ts');
  const view = progressView();
  const progress = new Progress(view.onProgress);
  const image = await buildImageHere(name, progress, signal).finally(view.end);
  if (options.json) printJson(image);
  else
    console.log(
      `Built ${name} in ${(progress.elapsedMs / 1000).toFixed(0)} s: ${size(image.diskBytes)}, ${image.digest.slice(0, 12)}`,
    );
}

async function runList(options: { json?: boolean }): Promise<void> {
  const { listImages } = await import('../image/store.ts');
  const images = await listImages();
  if (options.json) printJson(images);
  else if (images.length === 0)
    console.log('No images yet. Make one with: skerry image build debian-12');
  else
    console.log(
      formatTable(
        ['IMAGE', 'DIGEST', 'SIZE', 'BUILT'],
        images.map(({ name, digest, diskBytes, built }) => [
          name,
          digest.slice(0, 12),
          size(diskBytes),
          built.slice(0, 16).replace('T', ' '),
        ]),
      ),
    );
}

async function runPrune(options: { json?: boolean }): Promise<void> {
  const { pruneUnusedImages } = await import('../lab/image-use.ts');
  const removed = await pruneUnusedImages();
  if (options.json) printJson({ removed });
  else
    console.log(
      removed.length === 0 ? 'Nothing to remove.' : `Removed ${removed.length} old builds.`,
    );
}

async function runRemove(name: string, options: { json?: boolean }): Promise<void> {
  const { removeUnusedImage } = await import('../lab/image-use.ts');
  await removeUnusedImage(name);
  if (options.json) printJson({ removed: name });
  else console.log(`Removed ${name}.`);
}

function size(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
