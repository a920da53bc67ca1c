/** Whether a path is in a folder, or in one in it, and written in the one way in which paths are compared. */
export function isIn(path: string, folder: string): boolean {
  const steps = path.slice(1).split('/');
  return !steps.some((step) => ['', '.', '..'].includes(step)) && path.startsWith(`${folder}/`);
}
