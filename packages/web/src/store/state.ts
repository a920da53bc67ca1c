// What the browser knows of the cloud. Immutable: a change makes a new state, and keeps what it does not touch.
import type {
  AuditEntry,
  EntityState,
  HypervisorState,
  Lamp,
  Parked,
  StandView,
  VmState,
} from '../api/types.ts';
import type { TaskEntry } from './tasks.ts';

/** A verb that was asked for here and whose outcome is not known yet. */
export interface Pending {
  readonly id: string;
  readonly verb: string;
  /** `starting`. */
  readonly words: string;
  /** Central has answered that it was done; the new state is on its way. */
  readonly answered: boolean;
  /** The entity's state when the button was pressed. */
  readonly from: string;
}

export type Phase =
  | { readonly is: 'connecting' }
  | { readonly is: 'live' }
  | { readonly is: 'lost'; readonly since: number; readonly retryAt: number };

export interface CloudState {
  readonly phase: Phase;
  readonly user: string;
  readonly entities: ReadonlyMap<string, EntityState>;
  readonly permissionSets: readonly ReadonlySet<string>[];
  /** Which of the sets one has for an entity. */
  readonly setOf: ReadonlyMap<string, number>;
  readonly lamps: ReadonlyMap<string, Lamp>;
  readonly parked: readonly Parked[];
  /** How central stands, where there are two; null until it has said so. */
  readonly stand: StandView | null;
  readonly pending: ReadonlyMap<string, Pending>;
  readonly tasks: readonly TaskEntry[];
  /** What was done since the page was opened, newest first. */
  readonly log: readonly AuditEntry[];
  /** Another number when rows come, go, move or are called otherwise: only then lists are sorted anew. */
  readonly shape: number;
}

export const EMPTY: CloudState = {
  phase: { is: 'connecting' },
  user: '',
  entities: new Map(),
  permissionSets: [],
  setOf: new Map(),
  lamps: new Map(),
  parked: [],
  stand: null,
  pending: new Map(),
  tasks: [],
  log: [],
  shape: 0,
};

const NOBODY: ReadonlySet<string> = new Set();

/** What one may do with an entity; `all` stands for everything. */
export function permissionsFor(state: CloudState, id: string): ReadonlySet<string> {
  return state.permissionSets[state.setOf.get(id) ?? -1] ?? NOBODY;
}

export function may(permissions: ReadonlySet<string>, permission: string): boolean {
  return permissions.has('all') || permissions.has(permission);
}

/** Whether one has a permission for any entity now; sets of before stay known. */
export function mayAnywhere({ permissionSets, setOf }: CloudState, permission: string): boolean {
  const having = permissionSets.flatMap((set, at) => (may(set, permission) ? [at] : []));
  if (having.length === 0) return false;
  for (const set of setOf.values()) if (having.includes(set)) return true;
  return false;
}

export function vmOf(state: CloudState, id: string): VmState | undefined {
  const found = state.entities.get(id);
  return found?.kind === 'vm' ? found : undefined;
}

export function hypervisorOf(state: CloudState, name: string): HypervisorState | undefined {
  const found = state.entities.get(`hypervisor:${name}`);
  return found?.kind === 'hypervisor' ? found : undefined;
}

/** In words that change when what a verb would change has changed. */
export function stateWord(entity: EntityState): string {
  return entity.kind === 'vm' ? `${entity.state} ${entity.hypervisor}` : entity.libvirt;
}
