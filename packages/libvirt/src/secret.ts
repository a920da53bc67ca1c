import { toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';

const usageTypes = ['none', 'volume', 'ceph', 'iscsi', 'tls', 'vtpm'] as const;
/** `virSecretUsageType`: what a secret is for. */
export type SecretUsage = (typeof usageTypes)[number];

/** Which secrets to list; nothing set in a pair means both. */
export interface ListSecretsOptions extends CallOptions {
  readonly ephemeral?: boolean;
  readonly stored?: boolean;
  readonly private?: boolean;
  readonly public?: boolean;
}

const listBits = { ephemeral: 1, stored: 2, private: 4, public: 8 };

/** For {@link Connection.secrets}. */
export function listSecretFlags(options: ListSecretsOptions): number {
  return toFlags(listBits, options);
}

/** For {@link Connection.secretByUsage}. */
export function secretUsageNumber(usage: SecretUsage): number {
  return usageTypes.indexOf(usage);
}

/** A password or key that the daemon keeps, e.g. for an encrypted volume. */
export class Secret {
  /** What it is known by (virSecretGetUUIDString). */
  readonly uuid: string;
  /** What it is for (virSecretGetUsageType). */
  readonly usage: SecretUsage | 'unknown';
  /** Which volume, pool or the like it is for. */
  readonly usageId: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'secret'>;
  readonly #session: Session;

  /** Use {@link Connection.secret} and its kin. */
  constructor(session: Session, ref: Struct<'secret'>) {
    this.#session = session;
    this.ref = ref;
    this.uuid = ref.uuid;
    this.usage = usageTypes[ref.usageType] ?? 'unknown';
    this.usageId = ref.usageId;
  }

  /** Its XML, without the value (virSecretGetXMLDesc). */
  async xml(options?: CallOptions): Promise<string> {
    return (await this.#session.call('SECRET_GET_XML_DESC', { secret: this.ref }, options)).xml;
  }

  /** Its value (virSecretGetValue). Denied when it is private, not found when none is set. */
  async value(options?: CallOptions): Promise<Uint8Array> {
    return (await this.#session.call('SECRET_GET_VALUE', { secret: this.ref }, options)).value;
  }

  /** Sets its value, at most 64 KiB (virSecretSetValue). */
  async setValue(value: Uint8Array, options?: CallOptions): Promise<void> {
    await this.#session.call('SECRET_SET_VALUE', { secret: this.ref, value }, options);
  }

  /** Forgets it (virSecretUndefine). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#session.call('SECRET_UNDEFINE', { secret: this.ref }, options);
  }
}
