/** Whether a machine in that state, of `status`, answers or will. Pure. */
export function isUp(state: string): boolean {
  return state === 'running' || state === 'starting';
}
