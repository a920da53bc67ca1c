/** 1400 as `1.4 s`. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Bytes as whole MiB. */
export function formatMiB(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** `1 machine`, `3 machines`. */
export function formatMachines(count: number): string {
  return count === 1 ? '1 machine' : `${count} machines`;
}
