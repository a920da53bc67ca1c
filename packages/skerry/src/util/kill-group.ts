/**
 * Kills what is left of the process group that a detached child led. unshare(1) of util-linux 2.38 needs it: with
 * --map-auto it forks a helper, and leaves it waiting for ever when the kernel denies the namespace, with whatever
 * pipes and locks it inherited.
 */
export function killGroup(leader: number | undefined): void {
  signalGroup(leader, 'SIGKILL');
}

/** Sends a signal to what is left of such a group. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader !== undefined) signalProcess(-leader, signal);
}

/** Sends a signal to a process that may have ended by itself meanwhile. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
