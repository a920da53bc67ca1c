/** Whether a unix socket could not be reached because its process is gone: not there, dead, or killed while we dialled. */
export function nobodyListens(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET';
}
