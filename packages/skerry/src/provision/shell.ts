import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ShellConfig } from '../lab-file/config-provision.ts';
import { DEFAULTS } from '../lab-file/defaults.ts';
import { provisionFailure } from './failure.ts';
import { formatEnd, runInGuest } from './run-in-guest.ts';
import { shellScript } from './shell-script.ts';
import type { ProvisionOutcome, ProvisionTarget } from './target.ts';

/** Runs commands or a script in the machine. @throws PROVISION_FAILED with the end of its output */
export async function runShell(
  provisioner: string,
  config: ShellConfig,
  target: ProvisionTarget,
): Promise<ProvisionOutcome> {
  const began = performance.now();
  const { lab, onLine } = target;
  const { inline, script, args = [], env = {}, privileged, user, reboot = false } = config;
  const content = script === undefined ? (inline ?? '') : await readFile(resolve(lab.dir, script));
  // Who names a user means that user, unless told otherwise.
  const isRoot = privileged ?? user === undefined;
  const perl = shellScript({
    content: Buffer.from(content),
    folder: `/var/lib/skerry/provision/${provisioner}`,
    args,
    env,
    user: isRoot ? 'root' : (user ?? DEFAULTS.shellUser),
  });
  const run = await runInGuest(target, ['!perl'], { input: [Buffer.from(perl)] });
  if (run.exitCode !== 0) {
    const reason = `${script ?? 'its commands'}: ${formatEnd(run)}`;
    const at = script === undefined ? undefined : { file: resolve(lab.dir, script), line: 1 };
    throw provisionFailure({ provisioner, target, reason, tail: run.tail, ...(at && { at }) });
  }
  if (reboot) {
    onLine('starting the machine anew');
    await target.reboot();
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const summary = `done in ${seconds} s${reboot ? ', machine started anew' : ''}`;
  return { changed: undefined, summary, changes: [] };
}
