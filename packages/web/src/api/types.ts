// What crosses the border to central: its own types, erased by the build.
import type { AuditEntry, Usage, VerbErrorData } from '../../../skerry/src/cloud/bus/messages.ts';
import type { EntityState, HypervisorState, VmState } from '../../../skerry/src/cloud/entity.ts';
import type { LiveMessage } from '../../../skerry/src/cloud/central/http/live.ts';
import type { Parked } from '../../../skerry/src/cloud/central/parking.ts';
import type { Place } from '../../../skerry/src/cloud/central/placement.ts';
import type { StandView } from '../../../skerry/src/cloud/central/stand-view.ts';
import type { Lamp } from '../../../skerry/src/cloud/central/registry.ts';
import type { KnownPermission } from '../../../skerry/src/cloud/permission/known.ts';
import type { Danger, EntityKind } from '../../../skerry/src/cloud/verbs/verb.ts';

export type {
  AuditEntry,
  EntityState,
  HypervisorState,
  KnownPermission,
  Lamp,
  LiveMessage,
  Parked,
};
export type { Place, StandView };
export type { Danger, EntityKind, Usage, VerbErrorData, VmState };

/** The part of JSON Schema that zod writes for parameters. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** A row of the verb table, as GET /api/v1/verbs gives it. */
export interface VerbInfo {
  readonly name: string;
  readonly entity: EntityKind;
  readonly command: string;
  readonly title: string;
  readonly summary: string;
  readonly params: JsonSchema;
  readonly permission: string;
  readonly danger: Danger;
  readonly runs: 'agent' | 'central';
  readonly states?: readonly VmState['state'][];
  readonly stops?: string;
  readonly pending?: string;
  readonly slow?: boolean;
  readonly programs?: boolean;
  readonly chat: readonly string[];
}

export interface Me {
  readonly user: string;
  readonly admin: boolean;
  readonly roles: readonly string[];
  /** Whether one may do everything about people. */
  readonly administers: boolean;
  /** Whether one may know who else there is. */
  readonly knowsPeople: boolean;
  readonly hasPassword: boolean;
  /** Whether there is an XMPP server for people's own clients. */
  readonly chat: boolean;
  readonly version: string;
}

/** A row of user_list. */
export interface UserRow {
  readonly user: string;
  readonly admin: boolean;
  readonly roles: readonly string[];
  readonly grants: number;
  readonly hasPassword: boolean;
  readonly sessions: number;
  readonly tokens: number;
  readonly jobs: number;
  /** ISO 8601, or empty. */
  readonly lastSeen: string;
}

/** A row of role_list. */
export interface RoleRow {
  readonly role: string;
  readonly permissions: readonly string[];
  readonly members: readonly string[];
  readonly scopes: readonly string[];
}

/** A row of grant_list. */
export interface GrantRow {
  readonly who: string;
  readonly scope: string;
  readonly permissions: readonly string[];
}

/** A row of token_list. */
export interface TokenRow {
  readonly id: string;
  readonly label: string;
  readonly made: string;
  readonly lastUsed: string;
  readonly expires: string;
}

/** Why one may or may not: a row of permission_explain. */
export interface Explained {
  readonly verb: string;
  readonly permission: string;
  readonly possible: boolean;
  readonly allowed: boolean;
  readonly because: string;
}

export type UsageSample = Omit<Usage, 'id'> & { readonly at: number };
