// Runs one provisioner of a test lab in a machine that is up, as `up` would.
import { loadLab } from '../../../packages/skerry/src/lab-file/load.ts';
import type { LabSpec } from '../../../packages/skerry/src/lab-file/spec.ts';
import { prepareSsh } from '../../../packages/skerry/src/lab/ssh.ts';
import {
  type ProvisionOutcome,
  runProvisioner,
} from '../../../packages/skerry/src/provision/run-provisioner.ts';
import { openGuest } from '../../../packages/skerry/src/sandbox/gateway.ts';
import { labPaths } from '../../../packages/skerry/src/util/paths.ts';
import type { TestLab } from './lab.ts';

export interface Provisioned extends ProvisionOutcome {
  readonly lines: readonly string[];
}

/** @throws what the provisioner does */
export async function provision(lab: TestLab, name: string, machine: string): Promise<Provisioned> {
  const spec: LabSpec = { ...(await loadLab(lab.dir)), stateDir: lab.stateDir };
  const provisioner = spec.provision.find((one) => one.name === name);
  const found = spec.machines.find((one) => one.name === machine);
  if (!provisioner || !found) throw new Error(`no ${name} or ${machine} in the lab file`);
  const signal = AbortSignal.timeout(600_000);
  const { gatewaySocket } = labPaths(spec);
  const lines: string[] = [];
  const outcome = await runProvisioner(provisioner, {
    lab: spec,
    machine: found,
    open: () => openGuest(gatewaySocket, machine, { signal, timeoutMs: 30_000 }),
    reboot: async () => void (await lab.ok(['reload', machine])),
    sshConfig: () => prepareSsh(spec),
    signal,
    onLine: (line) => lines.push(line),
  });
  return { ...outcome, lines };
}
