import { type AffectOptions, affectFlags, DomainBase } from './domain-base.ts';
import { toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';

export interface UndefineOptions extends CallOptions {
  readonly managedSave?: boolean;
  readonly snapshotsMetadata?: boolean;
  readonly nvram?: boolean;
  readonly keepNvram?: boolean;
  readonly checkpointsMetadata?: boolean;
  readonly tpm?: boolean;
  readonly keepTpm?: boolean;
}

export interface XmlOptions extends CallOptions {
  /** The stored definition, not the running one. */
  readonly inactive?: boolean;
  /** Include passwords. */
  readonly secure?: boolean;
  /** Expand the CPU model. */
  readonly updateCpu?: boolean;
  /** In a form older libvirts read. */
  readonly migratable?: boolean;
}

/** `title`, `description`, or the namespace uri of an own element. */
export type MetadataKey = 'title' | 'description' | { readonly uri: string };

export interface MetadataOptions extends AffectOptions {
  /** The prefix for the element's namespace. */
  readonly key?: string;
}

const undefineBits = {
  managedSave: 1,
  snapshotsMetadata: 2,
  nvram: 4,
  keepNvram: 8,
  checkpointsMetadata: 16,
  tpm: 32,
  keepTpm: 64,
};
const xmlBits = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 };
const metadataTypes = { description: 0, title: 1 };
const METADATA_ELEMENT = 2;
const lifecycleEvents = { poweroff: 0, reboot: 1, crash: 2 };
const lifecycleActions = {
  destroy: 0,
  restart: 1,
  'rename-restart': 2,
  preserve: 3,
  'coredump-destroy': 4,
  'coredump-restart': 5,
};

/** What is written down about a domain: its XML, name, metadata and autostart. */
export abstract class DomainDefinition extends DomainBase {
  /** Its XML (virDomainGetXMLDesc). */
  async xml(options: XmlOptions = {}): Promise<string> {
    const flags = toFlags(xmlBits, options);
    return (await this.call('DOMAIN_GET_XML_DESC', { flags }, options)).xml;
  }

  /** Removes the stored definition; a running domain goes on (virDomainUndefineFlags). */
  async undefine(options: UndefineOptions = {}): Promise<void> {
    const flags = toFlags(undefineBits, options);
    await this.call('DOMAIN_UNDEFINE_FLAGS', { flags }, options);
  }

  /** Renames a stopped domain (virDomainRename). This object keeps the old `name`. */
  async rename(newName: string, options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_RENAME', { newName }, options);
  }

  /** Whether it has a stored definition (virDomainIsPersistent). */
  async isPersistent(options?: CallOptions): Promise<boolean> {
    return (await this.call('DOMAIN_IS_PERSISTENT', {}, options)).persistent !== 0;
  }

  /** Whether the stored definition was changed since the start (virDomainIsUpdated). */
  async isUpdated(options?: CallOptions): Promise<boolean> {
    return (await this.call('DOMAIN_IS_UPDATED', {}, options)).updated !== 0;
  }

  /** What runs in it: `hvm` for a full machine (virDomainGetOSType). */
  async osType(options?: CallOptions): Promise<string> {
    return (await this.call('DOMAIN_GET_OS_TYPE', {}, options)).type;
  }

  /** Whether it starts with the daemon (virDomainGetAutostart). */
  async autostart(options?: CallOptions): Promise<boolean> {
    return (await this.call('DOMAIN_GET_AUTOSTART', {}, options)).autostart !== 0;
  }

  /** Makes it start with the daemon or not (virDomainSetAutostart). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_SET_AUTOSTART', { autostart: autostart ? 1 : 0 }, options);
  }

  /** What follows when the guest powers off, reboots or crashes (virDomainSetLifecycleAction). */
  async setLifecycleAction(
    event: keyof typeof lifecycleEvents,
    action: keyof typeof lifecycleActions,
    options: AffectOptions = {},
  ): Promise<void> {
    const args = { type: lifecycleEvents[event], action: lifecycleActions[action] };
    const flags = affectFlags(options);
    await this.call('DOMAIN_SET_LIFECYCLE_ACTION', { ...args, flags }, options);
  }

  /**
   * Reads the title, the description, or the XML element of a namespace (virDomainGetMetadata).
   * Not found when there is none.
   */
  async metadata(what: MetadataKey, options: AffectOptions = {}): Promise<string> {
    const args = { ...metadataArgs(what), flags: affectFlags(options) };
    return (await this.call('DOMAIN_GET_METADATA', args, options)).metadata;
  }

  /**
   * Sets the title, the description, or the XML element of a namespace, for which `key` gives the
   * prefix; null removes it (virDomainSetMetadata).
   */
  async setMetadata(
    what: MetadataKey,
    metadata: string | null,
    options: MetadataOptions = {},
  ): Promise<void> {
    const args = { ...metadataArgs(what), metadata, key: options.key ?? null };
    const flags = affectFlags(options);
    await this.call('DOMAIN_SET_METADATA', { ...args, flags }, options);
  }

  /** Warnings about it: `tainting` and `deprecation` messages (virDomainGetMessages). */
  async messages(options?: CallOptions): Promise<string[]> {
    return (await this.call('DOMAIN_GET_MESSAGES', {}, options)).messages;
  }
}

/** The same for domains and networks: `virDomainMetadataType`. */
export function metadataArgs(what: MetadataKey): { type: number; uri: string | null } {
  if (typeof what === 'string') return { type: metadataTypes[what], uri: null };
  return { type: METADATA_ELEMENT, uri: what.uri };
}
