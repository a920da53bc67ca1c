import { fstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/**
 * The files that this process's own output goes into (`> file`), absolute. What is printed about a change of one of them
 * would be the next change of it. Empty for terminals, pipes and where /proc is not there.
 */
export function ownOutputs(): readonly string[] {
  return [1, 2].flatMap((fd) => {
    try {
      const open = fstatSync(fd);
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      const named = statSync(path);
      return open.isFile() && open.ino === named.ino && open.dev === named.dev ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** A folder without links on the way, as those files are named; as it is where it is not there. */
export function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
