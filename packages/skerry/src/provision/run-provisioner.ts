import { StringDecoder } from 'node:string_decoder';
import { execInGuest, type GuestChannel } from '../guest/exec.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import type { ProvisionerSpec } from '../lab-file/spec-provision.ts';
import { SkerryError } from '../util/errors.ts';

export interface ProvisionTarget {
  readonly lab: LabSpec;
  readonly machine: MachineSpec;
  /** A new channel into the machine, for one command. */
  readonly open: () => Promise<GuestChannel>;
  /** Starts the machine anew and waits until it is ready. */
  readonly reboot: () => Promise<void>;
  /** An ssh_config file for the lab (host-side Ansible); written on demand. */
  readonly sshConfig: () => Promise<string>;
  readonly signal: AbortSignal;
  /** Lines as they come, for the progress display. */
  readonly onLine: (line: string) => void;
}

export interface ProvisionOutcome {
  /** undefined: the kind cannot say. */
  readonly changed: number | undefined;
  /** For people, one line: such as '3 resources changed'. */
  readonly summary: string;
  /** Changed resources or tasks: what and where (`puppet/manifests/default.pp:3`), host paths. */
  readonly changes: readonly { readonly what: string; readonly place?: string }[];
}

/** @throws PROVISION_FAILED */
export async function runProvisioner(
  spec: ProvisionerSpec,
  target: ProvisionTarget,
): Promise<ProvisionOutcome> {
  const { machine, open, signal, onLine } = target;
  if (spec.kind !== 'shell')
    throw new SkerryError('INTERNAL', { data: { detail: `${spec.kind} is not there yet` } });
  const decoder = new StringDecoder('utf8');
  let [rest, tail] = ['', ''];
  const { exitCode } = await execInGuest(
    await open(),
    ['/bin/sh', '-c', spec.config.inline ?? ''],
    {
      signal,
      onOutput: (_stream, data) => {
        const text = decoder.write(data);
        tail = (tail + text).slice(-2000);
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      },
    },
  );
  if (exitCode !== 0) {
    const reason = `exit code ${exitCode}\n${tail.trim()}`.trim();
    const data = { provisioner: spec.name, machine: machine.name, reason };
    throw new SkerryError('PROVISION_FAILED', { data });
  }
  if (spec.config.reboot) await target.reboot();
  return { changed: undefined, summary: 'done', changes: [] };
}
