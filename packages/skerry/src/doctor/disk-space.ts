import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { dataDir, stateDir } from '../util/paths.ts';
import { type Finding, ok } from './check.ts';

const GIB = 2 ** 30;
/** An image takes about one GiB, and machines write. */
const ERROR_BYTES = 2 * GIB;
const WARNING_BYTES = 5 * GIB;

export interface Space {
  readonly what: string;
  readonly dir: string;
  readonly freeBytes: number;
}

export async function checkDiskSpace(): Promise<Finding> {
  const [state, data] = await Promise.all([
    spaceOf('labs', stateDir()),
    spaceOf('images', dataDir()),
  ]);
  const spaces =
    state.device === data.device ? [{ ...state, what: 'labs and images' }] : [state, data];
  return diskFinding(spaces);
}

export function diskFinding(spaces: readonly Space[]): Finding {
  const said = spaces.map(
    ({ what, dir, freeBytes }) => `${gib(freeBytes)} GiB for ${what} (${dir})`,
  );
  const least = Math.min(...spaces.map(({ freeBytes }) => freeBytes));
  const finding = `${said.join(', ')} free`;
  if (least >= WARNING_BYTES) return ok(finding);
  return {
    level: least < ERROR_BYTES ? 'error' : 'warning',
    finding: `${finding}; an image and three machines want ${gib(WARNING_BYTES)} GiB`,
    remedy: [
      '# see what could go:',
      'skerry global-status',
      'skerry image gc --dry-run',
      '# or put both on a larger disk:',
      'export SKERRY_STATE_DIR=/path/on/it/labs SKERRY_DATA_DIR=/path/on/it/images',
    ],
  };
}

/** Of the nearest folder above that exists: that is where it would be made. */
async function spaceOf(what: string, dir: string): Promise<Space & { device: number }> {
  let existing = dir;
  for (;;) {
    const found = await stat(existing).catch(() => undefined);
    if (found) {
      const { bavail, bsize } = await statfs(existing);
      return { what, dir, freeBytes: bavail * bsize, device: found.dev };
    }
    existing = dirname(existing);
  }
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(bytes < 10 * GIB ? 1 : 0);
}
