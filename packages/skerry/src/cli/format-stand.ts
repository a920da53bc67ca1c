import type { StandView } from '../cloud/central/stand-view.ts';

const ROLES: Readonly<Record<StandView['role'], string>> = {
  alone: 'is the only central',
  active: 'is active',
  'cut-off': 'is cut off: it does nothing until it hears the other one, or most hypervisors',
  standby: 'is a standby',
};

/** How a central stands, in a few lines. Pure. */
export function formatStand(stand: StandView, now: number): string {
  const { name, role, term, since, active, other, problem } = stand;
  if (!other) return `${name} ${ROLES[role]}`;
  const lines = [
    `${name} ${ROLES[role]}`,
    `${active} is active since ${ago(now - since)}, in term ${term}`,
    `${other.name} ${other.heard ? 'is heard' : 'is not heard'} (${other.url})`,
  ];
  if (role === 'active') lines.push(standbyWords(other));
  if (problem !== '') lines.push(`problem: ${problem}`);
  return lines.join('\n');
}

function standbyWords({ name, behind, ready }: NonNullable<StandView['other']>): string {
  if (behind === null) return `${name} has no copy of what is here: it cannot take over`;
  const has = behind === 0 ? 'has all that is here' : `is ${behind} changes behind`;
  return `${name} ${has}, and ${ready ? 'takes over when this one is gone' : 'cannot take over yet'}`;
}

function ago(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
