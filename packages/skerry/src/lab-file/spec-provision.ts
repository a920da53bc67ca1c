import type {
  AnsibleConfig,
  CloudInitConfig,
  FileConfig,
  PuppetConfig,
  ShellConfig,
  TriggerAction,
} from './config-provision.ts';

/** A provisioner. Paths in its `config` are as in the lab file: relative ones to the folder of that. */
export type ProvisionerSpec = ProvisionerCommon &
  (
    | { readonly kind: 'shell'; readonly config: ShellConfig }
    | { readonly kind: 'file'; readonly config: FileConfig }
    | { readonly kind: 'puppet'; readonly config: PuppetConfig }
    | { readonly kind: 'ansible'; readonly config: AnsibleConfig }
    | { readonly kind: 'cloudInit'; readonly config: CloudInitConfig }
  );

interface ProvisionerCommon {
  readonly name: string;
  readonly run: 'once' | 'always' | 'never';
  /** Names of machines. */
  readonly on: readonly string[];
  readonly phase: 'machine' | 'afterAllUp';
}

export interface TriggerSpec {
  readonly when: 'before' | 'after';
  readonly actions: readonly TriggerAction[];
  /** A shell command. */
  readonly run: string;
  /** Names of machines; undefined: the host. */
  readonly on: readonly string[] | undefined;
  readonly onError: 'halt' | 'continue';
}
