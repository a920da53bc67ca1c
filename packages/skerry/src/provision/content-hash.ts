import { createHash, type Hash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabSpec } from '../lab-file/spec.ts';
import type { ProvisionerSpec } from '../lab-file/spec-provision.ts';
import { hostFiles } from './host-files.ts';

/**
 * Names what a provisioner does: its fields, and every file of this host it is made of, by name, mode and content. Symbolic
 * links count as such. What is missing counts as missing.
 */
export async function provisionerHash(lab: LabSpec, spec: ProvisionerSpec): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([spec.kind, sorted(spec.config)]));
  for (const { path, field, exclude } of hostFiles(lab, spec)) {
    hash.update(`\n${field.join('.')}\n`);
    const names = new Set(exclude?.map((one) => one.replaceAll('/', '')));
    // A link that is named in the lab file is followed, as when it is sent.
    await add(hash, path, '', names, await stat(path).catch(() => undefined));
  }
  return hash.digest('hex');
}

async function add(
  hash: Hash,
  path: string,
  name: string,
  exclude: ReadonlySet<string>,
  found: Stats | undefined,
): Promise<void> {
  // The length tells where the name ends, whatever is in it.
  const say = (kind: string, size: number | string): void =>
    void hash.update(`${kind} ${Buffer.byteLength(name)} ${name} ${size}\n`);
  const mode = ((found?.mode ?? 0) & 0o7777).toString(8);
  if (!found) say('missing', 0);
  else if (found.isSymbolicLink()) {
    const target = await readlink(path);
    say('link', Buffer.byteLength(target));
    hash.update(target);
  } else if (found.isDirectory()) {
    const entries = (await readdir(path)).filter((entry) => !exclude.has(entry)).sort();
    say('folder', `${mode} ${entries.length}`);
    for (const entry of entries) {
      const below = join(path, entry);
      await add(
        hash,
        below,
        `${name}/${entry}`,
        exclude,
        await lstat(below).catch(() => undefined),
      );
    }
  } else if (found.isFile()) {
    const content = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 }))
      content.update(chunk as Buffer);
    say('file', `${mode} ${content.digest('hex')}`);
  } else say('special', mode);
}

/** The same fields in another order are the same. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}
