import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { knownImages } from '../image/store.ts';
import { destroy } from '../lab/destroy.ts';
import type { ProgressEvent } from '../lab/progress.ts';
import type { LabConfig } from '../lab-file/config.ts';
import { formatPath } from '../lab-file/finding.ts';
import { hostLimits } from '../lab-file/host-limits.ts';
import { loadLab } from '../lab-file/load.ts';
import { resolveLab } from '../lab-file/resolve.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { validateLab, type ValidateOptions } from '../lab-file/validate.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { TestLab } from './test-lab.ts';

export interface StartLabOptions {
  /** The machines to start, by name; all with `autostart` unless told. None with `[]`: `lab.up()` starts them later. */
  readonly machines?: readonly string[];
  /** Boot the machines instead of thawing them from templates. */
  readonly cold?: boolean;
  /**
   * An existing folder, or one to make, in which the lab has a folder of its own for its state; that one is removed in the
   * end. Its path must be short. The one for temporary files unless told.
   */
  readonly stateDir?: string;
  /** Called as phases begin and end, with what `skerry up` shows. */
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Ends the start early; nothing is left of the lab then. Later it has no effect. */
  readonly signal?: AbortSignal;
}

/** What a socket's path of a lab with a long name needs beside that of its state folder. */
const ROOM = 107 - 'skerry-XXXXXX/labs//libvirt/run/libvirt-sock'.length - 40;

/**
 * Starts a lab for a test and waits until its machines are ready. Images and templates are those of the user's store. The
 * lab is removed when it is disposed, and when this process ends in any way: `kill -9` leaves nothing of it.
 *
 * @param config what a lab file exports, or the path of a lab file or its folder
 * @example
 * await using lab = await startLab({ name: 'pair', memory: 256, machines: { one: {}, two: {} } });
 * const { stdout } = await lab.machine('one').exec('getent hosts two');
 * @throws SkerryErrors with everything that is wrong with the config at once; the errors of `skerry up`
 */
export async function startLab(
  config: LabConfig | string,
  options: StartLabOptions = {},
): Promise<TestLab> {
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const spec = await load(config);
  const parent = await parentFolder(options.stateDir);
  await using undo = new AsyncDisposableStack();
  const folder = await temporaryFolder(parent);
  undo.defer(folder.remove);
  // A lab without a file counts as in its own state folder: two of one name are two.
  const lab = { ...spec, stateDir: folder.path, dir: spec.dir || folder.path };
  undo.defer(() => destroy(labPaths(lab), { machines: [], signal: AbortSignal.timeout(END_MS) }));
  const { cold, onProgress, machines } = options;
  let disposed: Promise<void> | undefined;
  const test = new TestLab(lab, {
    cold,
    onProgress,
    dispose: () => (disposed ??= all.disposeAsync()),
  });
  if (machines?.length !== 0) await test.up(machines, { signal });
  signal.throwIfAborted();
  const all = undo.move();
  return test;
}

const END_MS = 120_000;

async function load(config: LabConfig | string): Promise<LabSpec> {
  const host: ValidateOptions = { knownImages: await knownImages(), ...hostLimits() };
  if (typeof config === 'string') return loadLab(config, host);
  const findings = validateLab(config, host);
  if (findings.length > 0)
    throw new SkerryErrors(
      findings.map(
        ({ code, path, data }) => new SkerryError(code, { data, field: formatPath(path) }),
      ),
    );
  return { ...resolveLab(config, { file: '' }), dir: '' };
}

async function parentFolder(asked: string | undefined): Promise<string> {
  const usual = Buffer.byteLength(tmpdir()) <= ROOM ? tmpdir() : '/tmp';
  const parent = resolve(asked ?? usual);
  await mkdir(parent, { recursive: true });
  return parent;
}
