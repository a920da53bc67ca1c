import { HostInterface } from './host-interface.ts';
import { HostObjects, type DefineOptions, type ListOptions } from './host-objects.ts';
import { type ListNodeDevicesOptions, listNodeDeviceFlags, NodeDevice } from './node-device.ts';
import { NwFilter, NwFilterBinding } from './nwfilter.ts';
import type { CallOptions } from './pending-call.ts';
import {
  type ListSecretsOptions,
  listSecretFlags,
  Secret,
  type SecretUsage,
  secretUsageNumber,
} from './secret.ts';
import { toFlags } from './flags.ts';

const listInterfaceBits = { inactive: 1, active: 2 };

/** The secrets, filters, devices and interfaces of a host. */
export abstract class HostResources extends HostObjects {
  /** The secrets (virConnectListAllSecrets). */
  async secrets(options: ListSecretsOptions = {}): Promise<Secret[]> {
    const args = { needResults: 1, flags: listSecretFlags(options) };
    const { secrets } = await this.call('CONNECT_LIST_ALL_SECRETS', args, options);
    return secrets.map((ref) => new Secret(this, ref));
  }

  /** A secret by uuid (virSecretLookupByUUID). Not found when there is none. */
  async secret(uuid: string, options?: CallOptions): Promise<Secret> {
    return new Secret(this, (await this.call('SECRET_LOOKUP_BY_UUID', { uuid }, options)).secret);
  }

  /** A secret by what it is for (virSecretLookupByUsage). Not found when there is none. */
  async secretByUsage(usage: SecretUsage, usageId: string, options?: CallOptions): Promise<Secret> {
    const args = { usageType: secretUsageNumber(usage), usageId };
    return new Secret(this, (await this.call('SECRET_LOOKUP_BY_USAGE', args, options)).secret);
  }

  /** Makes or changes a secret; its value is set apart (virSecretDefineXML). */
  async defineSecret(xml: string, options: DefineOptions = {}): Promise<Secret> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    return new Secret(this, (await this.call('SECRET_DEFINE_XML', args, options)).secret);
  }

  /** The network filters (virConnectListAllNWFilters). */
  async nwFilters(options?: CallOptions): Promise<NwFilter[]> {
    const args = { needResults: 1 };
    const { filters } = await this.call('CONNECT_LIST_ALL_NWFILTERS', args, options);
    return filters.map((ref) => new NwFilter(this, ref));
  }

  /** A network filter by name (virNWFilterLookupByName). Not found when there is none. */
  async nwFilter(name: string, options?: CallOptions): Promise<NwFilter> {
    const { nwfilter } = await this.call('NWFILTER_LOOKUP_BY_NAME', { name }, options);
    return new NwFilter(this, nwfilter);
  }

  /** A network filter by uuid (virNWFilterLookupByUUID). Not found when there is none. */
  async nwFilterByUuid(uuid: string, options?: CallOptions): Promise<NwFilter> {
    const { nwfilter } = await this.call('NWFILTER_LOOKUP_BY_UUID', { uuid }, options);
    return new NwFilter(this, nwfilter);
  }

  /** Makes or changes a network filter (virNWFilterDefineXMLFlags). */
  async defineNwFilter(xml: string, options: DefineOptions = {}): Promise<NwFilter> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const { nwfilter } = await this.call('NWFILTER_DEFINE_XML_FLAGS', args, options);
    return new NwFilter(this, nwfilter);
  }

  /** The filters in use (virConnectListAllNWFilterBindings). */
  async nwFilterBindings(options?: CallOptions): Promise<NwFilterBinding[]> {
    const args = { needResults: 1 };
    const { bindings } = await this.call('CONNECT_LIST_ALL_NWFILTER_BINDINGS', args, options);
    return bindings.map((ref) => new NwFilterBinding(this, ref));
  }

  /** The filter in use on a device, e.g. `vnet0` (virNWFilterBindingLookupByPortDev). */
  async nwFilterBinding(portDevice: string, options?: CallOptions): Promise<NwFilterBinding> {
    const args = { name: portDevice };
    const { nwfilter } = await this.call('NWFILTER_BINDING_LOOKUP_BY_PORT_DEV', args, options);
    return new NwFilterBinding(this, nwfilter);
  }

  /** Puts a filter on a device (virNWFilterBindingCreateXML). */
  async createNwFilterBinding(xml: string, options: DefineOptions = {}): Promise<NwFilterBinding> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const { nwfilter } = await this.call('NWFILTER_BINDING_CREATE_XML', args, options);
    return new NwFilterBinding(this, nwfilter);
  }

  /** The host's devices (virConnectListAllNodeDevices). */
  async nodeDevices(options: ListNodeDevicesOptions = {}): Promise<NodeDevice[]> {
    const args = { needResults: 1, flags: listNodeDeviceFlags(options) };
    const { devices } = await this.call('CONNECT_LIST_ALL_NODE_DEVICES', args, options);
    return devices.map((ref) => new NodeDevice(this, ref));
  }

  /** A device by name, e.g. `net_lo_00_00` (virNodeDeviceLookupByName). */
  async nodeDevice(name: string, options?: CallOptions): Promise<NodeDevice> {
    const { device } = await this.call('NODE_DEVICE_LOOKUP_BY_NAME', { name }, options);
    return new NodeDevice(this, device);
  }

  /** Makes a virtual device that is forgotten when it is removed (virNodeDeviceCreateXML). */
  async createNodeDevice(xml: string, options: DefineOptions = {}): Promise<NodeDevice> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const { device } = await this.call('NODE_DEVICE_CREATE_XML', args, options);
    return new NodeDevice(this, device);
  }

  /** Stores the definition of a virtual device (virNodeDeviceDefineXML). */
  async defineNodeDevice(xml: string, options: DefineOptions = {}): Promise<NodeDevice> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const { device } = await this.call('NODE_DEVICE_DEFINE_XML', args, options);
    return new NodeDevice(this, device);
  }

  /** The host's network interfaces (virConnectListAllInterfaces). */
  async interfaces(options: ListOptions = {}): Promise<HostInterface[]> {
    const args = { needResults: 1, flags: toFlags(listInterfaceBits, options) };
    const { interfaces } = await this.call('CONNECT_LIST_ALL_INTERFACES', args, options);
    return interfaces.map((ref) => new HostInterface(this, ref));
  }

  /** An interface by name (virInterfaceLookupByName). Not found when there is none. */
  async interface(name: string, options?: CallOptions): Promise<HostInterface> {
    const answer = await this.call('INTERFACE_LOOKUP_BY_NAME', { name }, options);
    return new HostInterface(this, answer.interface);
  }

  /** An interface by MAC address (virInterfaceLookupByMACString). */
  async interfaceByMac(mac: string, options?: CallOptions): Promise<HostInterface> {
    const answer = await this.call('INTERFACE_LOOKUP_BY_MAC_STRING', { mac }, options);
    return new HostInterface(this, answer.interface);
  }

  /** Stores an interface's definition (virInterfaceDefineXML). */
  async defineInterface(xml: string, options: DefineOptions = {}): Promise<HostInterface> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const answer = await this.call('INTERFACE_DEFINE_XML', args, options);
    return new HostInterface(this, answer.interface);
  }

  /**
   * Notes the interfaces' present state (virInterfaceChangeBegin), to keep what follows
   * ({@link commitInterfaceChange}) or go back ({@link rollbackInterfaceChange}).
   */
  async beginInterfaceChange(options?: CallOptions): Promise<void> {
    await this.call('INTERFACE_CHANGE_BEGIN', {}, options);
  }

  /** Keeps the changes (virInterfaceChangeCommit). */
  async commitInterfaceChange(options?: CallOptions): Promise<void> {
    await this.call('INTERFACE_CHANGE_COMMIT', {}, options);
  }

  /** Undoes the changes (virInterfaceChangeRollback). */
  async rollbackInterfaceChange(options?: CallOptions): Promise<void> {
    await this.call('INTERFACE_CHANGE_ROLLBACK', {}, options);
  }
}
