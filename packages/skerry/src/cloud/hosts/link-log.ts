import type { Membership } from '../bus/membership.ts';

/**
 * Says how a hypervisor stands with a central: once at each change, and not at each try.
 *
 * @param log where it says it
 * @returns what is to be told of each change: undefined when it is connected, else why it is not
 */
export function linkLog(
  { address, central, bus }: Membership,
  log: (line: string) => void,
): (problem: Error | undefined) => void {
  const name = central ?? bus.host;
  let said = '';
  return (problem) => {
    const line = lineOf(name, address, problem);
    if (line !== said) log(line);
    said = line;
  };
}

function lineOf(central: string, hypervisor: string, problem: Error | undefined): string {
  if (!problem) return `central ${central} is reached`;
  if (problem.name === 'LoginRefused')
    return `central ${central} does not take ${hypervisor}: it was forgotten there; to join again, say there: skerry central token ${hypervisor}`;
  return `central ${central} is not reached: ${problem.message}; it is tried again, and the machines go on`;
}
