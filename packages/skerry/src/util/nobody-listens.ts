/** Whether a unix socket could not be reached because its process is gone: not there, dead, or killed while we dialled. */
export function nobodyListens(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  // Of a file that is not there it says nothing.
  if (code === 'ENOENT') return syscall === 'connect';
  return code === 'ECONNREFUSED' || code === 'ECONNRESET';
}
