// share/host-packages.txt: which programs Skerry calls, and in which packages they are.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isInstalled } from './uplink.ts';

export type Need = 'run' | 'user' | 'build' | 'internet' | 'bus' | 'test';

export interface HostProgram {
  /** Names or paths of which one is enough. */
  readonly programs: readonly string[];
  readonly need: Need;
  /** Packages of which the first that the release has is right. */
  readonly debian: readonly string[];
  readonly fedora: readonly string[];
  readonly purpose: string;
}

const NEEDS: readonly string[] = [
  'run',
  'user',
  'build',
  'internet',
  'bus',
  'test',
] satisfies Need[];

/** The whole table. */
export function hostPrograms(): HostProgram[] {
  const file = new URL('../../share/host-packages.txt', import.meta.url);
  return parseHostPackages(readFileSync(file, 'utf8'));
}

export function parseHostPackages(text: string): HostProgram[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [programs = '', need = '', debian = '', fedora = '', ...purpose] = line.split(/\s+/);
    if (!NEEDS.includes(need) || purpose.length === 0)
      throw new Error(`host-packages.txt: cannot read '${line}'`);
    return {
      programs: programs.split('|'),
      need: need as Need,
      debian: debian.split('|'),
      fedora: fedora === '-' ? [] : fedora.split('|'),
      purpose: purpose.join(' '),
    };
  });
}

/** The ones of these needs that are not there. */
export function missingPrograms(
  needs: readonly Need[],
  isThere: (program: string) => boolean = isOnHost,
): HostProgram[] {
  return hostPrograms().filter(
    ({ need, programs }) => needs.includes(need) && !programs.some(isThere),
  );
}

/** What a program of the table is called in a sentence: the base name of a file, without patterns. */
export function nameOf({ programs }: HostProgram): string {
  const [first = ''] = programs;
  return first.startsWith('/') ? first.slice(first.lastIndexOf('/') + 1) : programs.join(' or ');
}

function isOnHost(program: string): boolean {
  if (!program.startsWith('/')) return isInstalled(program);
  return program.includes('*') ? globSync(program).length > 0 : existsSync(program);
}
