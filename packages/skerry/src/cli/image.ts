import type { Command } from 'commander';
import type { ImageRequest } from '../image/definition.ts';
import type { Image } from '../image/store.ts';
import type { TemplateStatus } from '../lab/collect.ts';
import type { Template } from '../template/store.ts';
import { interruptible, printJson, withExample, withJson } from './common.ts';
import { formatMiB } from './amounts.ts';
import { formatTable } from './table.ts';

export function define(command: Command): void {
  const build = command
    .command('build')
    .description('Build an image from Debian packages.')
    .argument('<name>', 'such as debian-12')
    .option('--with <packages>', 'with these packages besides: the variant a lab file would use');
  withExample(
    withJson(build).action(runBuild),
    '$ skerry image build debian-12',
    '$ skerry image build debian-12 --with etcd-server,etcd-client',
  );
  const list = command
    .command('list')
    .description('List the images, and the templates made from them.');
  withExample(withJson(list).action(runList), '$ skerry image list');
  const remove = command
    .command('remove')
    .description('Remove an image or a template that no lab uses.')
    .argument('<name>', "an image's name, or a template's id");
  withExample(withJson(remove).action(runRemove), '$ skerry image remove debian-12');
  const prune = command
    .command('prune')
    .description('Remove what older builds left and no machine uses.');
  withExample(withJson(prune).action(runPrune), '$ skerry image prune');
  const gc = command
    .command('gc')
    .description(
      'Remove what no machine uses and none will: old and damaged templates, old builds, provisioned labs that were kept, leftovers.',
    )
    .option(
      '--all',
      'also templates, kept labs and images with packages that are good but unused; the next up makes them anew',
    )
    .option('--dry-run', 'only say what would go');
  withExample(withJson(gc).action(runGc), '$ skerry image gc --dry-run', '$ skerry image gc --all');
  withExample(command, '$ skerry image build debian-12', '$ skerry image list --json');
}

async function runBuild(name: string, options: { json?: boolean; with?: string }): Promise<void> {
  const signal = interruptible();
  const { buildImageHere } = await import('../lab/build-image.ts');
  const { Progress } = await import('../lab/progress.ts');
  const { progressView } = await import('./progress-view.ts');
  const view = progressView();
  const progress = new Progress(view.onProgress);
  const request = options.with === undefined ? name : await variantOf(name, options.with);
  const image = await buildImageHere(request, progress, signal).finally(view.end);
  if (options.json) printJson(image);
  else
    console.log(
      `Built ${image.name} in ${(progress.elapsedMs / 1000).toFixed(0)} s: ${formatMiB(image.diskBytes)}, ${image.digest.slice(0, 12)}`,
    );
}

async function variantOf(base: string, list: string): Promise<ImageRequest> {
  const { variantName } = await import('../lab-file/packages.ts');
  const packages = [...new Set(list.split(/[\s,]+/).filter(Boolean))].sort();
  return { name: variantName(base, packages), base, packages };
}

async function runList(options: { json?: boolean }): Promise<void> {
  const { listImages } = await import('../image/store.ts');
  const { templateStatus } = await import('../lab/collect.ts');
  const [images, templates] = await Promise.all([listImages(), templateStatus()]);
  if (options.json) printJson(images.map((image) => withTemplates(image, templates)));
  else if (images.length === 0)
    console.log('No images yet. Make one with: skerry image build debian-12');
  else console.log(formatImages(images));
  if (!options.json && templates.length > 0) console.log(`\n${formatTemplates(templates)}`);
}

/** As JSON: each image with its templates. Of images without a name `image gc --dry-run --json` tells. */
function withTemplates(image: Image, all: readonly TemplateStatus[]): object {
  const own = all.flatMap(({ template, ...rest }) =>
    template?.imageDigest === image.digest ? [{ ...template, ...rest }] : [],
  );
  return { ...image, templates: own };
}

function formatImages(images: readonly Image[]): string {
  return formatTable(
    ['IMAGE', 'DIGEST', 'SIZE', 'BUILT', 'PACKAGES'],
    images.map(({ name, digest, diskBytes, built, packages }) => [
      name,
      digest.slice(0, 12),
      formatMiB(diskBytes),
      minute(built),
      packages?.join(', ') ?? '-',
    ]),
  );
}

function formatTemplates(templates: readonly TemplateStatus[]): string {
  return formatTable(
    ['TEMPLATE', 'OF', 'SIZE', 'MADE', 'USED BY'],
    templates.map(({ id, template, diskBytes, usedBy, obsolete }) => [
      id,
      template ? formatKind(template) : '(damaged)',
      formatMiB(diskBytes),
      template ? minute(template.made) : '',
      [usedBy.join(', '), obsolete && template && `(${obsolete})`].filter(Boolean).join(' ') || '-',
    ]),
  );
}

function formatKind({ image, memoryMiB, cpus, nested, disks }: Template): string {
  const parts = [image, `${memoryMiB} MiB`, cpus === 1 ? '1 CPU' : `${cpus} CPUs`];
  const more = [nested ? 'nested' : '', disks.length > 0 ? `disks ${disks.join(', ')}` : ''];
  return [...parts, ...more].filter(Boolean).join(', ');
}

async function runGc(options: { json?: boolean; all?: boolean; dryRun?: boolean }): Promise<void> {
  const { collect } = await import('../lab/collect.ts');
  const collected = await collect(options);
  if (options.json) return printJson(collected);
  const { templates, images, leftovers, kept, freedBytes } = collected;
  const lines = [
    ...kept.map(({ id, reason, bytes }) => `provisioned lab ${id}, ${formatMiB(bytes)}: ${reason}`),
    ...templates.map(({ id, reason, bytes }) => `template ${id}, ${formatMiB(bytes)}: ${reason}`),
    ...images.map(
      ({ name, digest, bytes, reason }) =>
        `image ${name ?? digest.slice(0, 12)}, ${formatMiB(bytes)}: ${reason}`,
    ),
    ...leftovers.map(
      ({ folder, bytes }) => `${folder}, ${formatMiB(bytes)}: left by a command that was killed`,
    ),
  ];
  const [removed, freed] = options.dryRun ? ['Would remove', 'Would free'] : ['Removed', 'Freed'];
  for (const line of lines) console.log(`${removed} ${line}`);
  console.log(lines.length === 0 ? 'Nothing to remove.' : `${freed} ${formatMiB(freedBytes)}.`);
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
  const { removeUnusedImage, removeUnusedTemplate } = await import('../lab/image-use.ts');
  const { isTemplateId } = await import('../template/store.ts');
  await (isTemplateId(name) ? removeUnusedTemplate(name) : removeUnusedImage(name));
  if (options.json) printJson({ removed: name });
  else console.log(`Removed ${name}.`);
}

function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
