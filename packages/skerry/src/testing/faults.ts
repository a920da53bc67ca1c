// What a lab's faults come to for each machine's network card. Pure.
import type { MachineSpec } from '../lab-file/spec.ts';
import type { LinkRule, MachineFaults } from '../sandbox/protocol.ts';
import { SkerryError } from '../util/errors.ts';
import type { LinkFaults } from './options.ts';

type Mac = Pick<MachineSpec, 'mac'>;

/** One fault of a lab. */
export type LabFault =
  | { readonly kind: 'partition'; readonly sides: readonly [readonly Mac[], readonly Mac[]] }
  | { readonly kind: 'link'; readonly machine: Mac; readonly rule: LinkRule }
  | { readonly kind: 'pair'; readonly machines: readonly [Mac, Mac]; readonly rule: LinkRule };

/** Nothing passes. */
const CUT: LinkRule = { delayMs: 0, jitterMs: 0, lossPct: 100, rateKbit: 0 };

/** All faults together, by machine. Of two for the same link or pair the later one counts, but a partition cuts. */
export function compileFaults(faults: readonly LabFault[]): MachineFaults[] {
  const links = new Map<string, LinkRule>();
  const from = new Map<string, Map<string, LinkRule>>();
  const put = (to: Mac, by: Mac, rule: LinkRule): void => {
    const rules = from.get(to.mac) ?? new Map<string, LinkRule>();
    from.set(to.mac, rules.set(by.mac, rule));
  };
  const both = (a: Mac, b: Mac, rule: LinkRule): void => {
    put(a, b, rule);
    put(b, a, rule);
  };
  for (const fault of faults) {
    if (fault.kind === 'link') links.set(fault.machine.mac, fault.rule);
    if (fault.kind === 'pair') both(...fault.machines, fault.rule);
  }
  for (const fault of faults)
    if (fault.kind === 'partition')
      for (const a of fault.sides[0]) for (const b of fault.sides[1]) both(a, b, CUT);
  return [...new Set([...links.keys(), ...from.keys()])].map((mac) => {
    const link = links.get(mac);
    return { mac, ...(link && { link }), from: Object.fromEntries(from.get(mac) ?? []) };
  });
}

/** Fills in and checks what a test asks of a link. @throws FAULT_INVALID */
export function linkRule(faults: LinkFaults): LinkRule {
  const { delayMs = 0, jitterMs = 0, lossPct = 0, rateKbit = 0 } = faults;
  const check = (field: string, value: number, max: number, advice: string): void => {
    if (!(value >= 0 && value <= max))
      throw new SkerryError('FAULT_INVALID', { data: { field, value, advice } });
  };
  const MINUTE_MS = 60_000;
  check('delayMs', delayMs, MINUTE_MS, `give milliseconds from 0 to ${MINUTE_MS}`);
  check('jitterMs', jitterMs, delayMs, 'give milliseconds from 0 to delayMs, which it varies');
  check('lossPct', lossPct, 100, 'give percent from 0 to 100');
  check('rateKbit', rateKbit, 1e8, 'give kilobits a second; 0 is no limit');
  return { delayMs, jitterMs, lossPct, rateKbit };
}
