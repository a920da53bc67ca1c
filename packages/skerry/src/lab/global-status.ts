import { existsSync } from 'node:fs';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { isSuspended } from '../snapshot/store.ts';
import { type LabPaths, labPathsById } from '../util/paths.ts';
import { treeBytes } from '../util/tree-bytes.ts';
import { observeOffline } from './observe.ts';
import { type LabRecord, listRecords } from './record.ts';

export interface LabSummary extends LabRecord {
  readonly state: 'running' | 'suspended' | 'off' | 'broken';
  /** How many machines are defined. */
  readonly machines: number;
  /** What the machines' disks and the snapshots take on this host. */
  readonly diskBytes: number;
  readonly fileGone: boolean;
}

/** All labs of this user, asked afresh: there is no cache that could be stale. */
export async function globalStatus(): Promise<LabSummary[]> {
  const records = await listRecords();
  return Promise.all(
    records.map(async (record) => {
      const paths = labPathsById(record.id);
      const [state, machines, diskBytes] = await Promise.all([
        stateOf(paths),
        observeOffline(paths),
        treeBytes(paths.dir),
      ]);
      return {
        ...record,
        state,
        machines: machines.length,
        diskBytes,
        fileGone: !existsSync(record.file),
      };
    }),
  );
}

async function stateOf(paths: LabPaths): Promise<LabSummary['state']> {
  try {
    const status = await sandboxStatus(paths.gatewaySocket);
    if (!status) return (await isSuspended(paths.snapshotsDir)) ? 'suspended' : 'off';
    return status.libvirtd === 'failed' ? 'broken' : 'running';
  } catch {
    return 'broken';
  }
}
