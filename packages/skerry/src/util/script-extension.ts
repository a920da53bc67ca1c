/** How the files of our own processes end: those in the sources, or those of the build, which are CommonJS. */
export const SCRIPT_EXTENSION: '.ts' | '.cjs' = import.meta.url.endsWith('.ts') ? '.ts' : '.cjs';
