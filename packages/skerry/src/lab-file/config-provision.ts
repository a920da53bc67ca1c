/** What can be done to a machine once it is ready. Exactly one of `shell`, `file`, `puppet`, `ansible`, `cloudInit`. */
export interface ProvisionerConfig {
  /** A shell command, or a script. */
  readonly shell?: string | ShellConfig | undefined;
  /** A file or folder of this host that is copied. */
  readonly file?: FileConfig | undefined;
  /** `puppet apply`, without a server. */
  readonly puppet?: PuppetConfig | undefined;
  /** An Ansible playbook. */
  readonly ansible?: AnsibleConfig | undefined;
  /** A cloud-init document, as a cloud gives it to a new machine. */
  readonly cloudInit?: CloudInitConfig | undefined;
  /**
   * `once`: not again until it changes. `always`: at each `up`. `never`: only when it is named.
   * @defaultValue 'once'
   */
  readonly run?: 'once' | 'always' | 'never' | undefined;
  /** The machines it is for: names or /regular expressions/. Without it, all. */
  readonly on?: string | readonly string[] | undefined;
  /** The provisioner it comes before; without `before` and `after` they run in the order of the file. */
  readonly before?: string | undefined;
  /** The provisioner it comes after. */
  readonly after?: string | undefined;
  /**
   * `machine`: as soon as its machine is ready. `afterAllUp`: when all machines of the lab are, provisioned and all.
   * @defaultValue 'machine'
   */
  readonly phase?: 'machine' | 'afterAllUp' | undefined;
}

/** A shell provisioner. Exactly one of `inline` and `script`. */
export interface ShellConfig {
  /** The commands. */
  readonly inline?: string | undefined;
  /** A script of this host, relative to the lab file. It needs no shebang: without one, a shell runs it. */
  readonly script?: string | undefined;
  /** Its arguments. */
  readonly args?: readonly string[] | undefined;
  /** Its environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether it runs as root. Otherwise as `user`. Who names a `user` need not say `false`.
   * @defaultValue true
   */
  readonly privileged?: boolean | undefined;
  /**
   * The user it runs as when it is not privileged.
   * @defaultValue 'nobody'
   */
  readonly user?: string | undefined;
  /**
   * Whether the machine is started anew when it has succeeded.
   * @defaultValue false
   */
  readonly reboot?: boolean | undefined;
}

/** A file provisioner. */
export interface FileConfig {
  /** A file or folder of this host, relative to the lab file. */
  readonly from: string;
  /** Where it goes in the machine: an absolute path. */
  readonly to: string;
  /**
   * Who owns it there: a user, or `user:group`.
   * @defaultValue 'root:root'
   */
  readonly owner?: string | undefined;
  /**
   * Its permissions, in octal. Without it, those it has here.
   * @example '0600'
   */
  readonly mode?: string | undefined;
}

/** A path of this host, or of the machine: `['vm', '/etc/puppet/code']`. */
export type HostOrVmPath = string | readonly string[];

/** `puppet apply`, with the options of Vagrant's `puppet` provisioner. */
export interface PuppetConfig {
  /** The folder of the `puppet` program in the machine. */
  readonly binaryPath?: string | undefined;
  /** The environment's name. Without it, `production` where `environmentPath` is set. */
  readonly environment?: string | undefined;
  /** The folder of the environments, on this host or in the machine (`['vm', path]`). */
  readonly environmentPath?: HostOrVmPath | undefined;
  /** Environment variables of the command. */
  readonly environmentVariables?: Readonly<Record<string, string>> | undefined;
  /** Facts, as texts. */
  readonly facter?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Facts with a structure. */
  readonly structuredFacts?: Readonly<Record<string, unknown>> | undefined;
  /** Hiera's configuration, on this host. */
  readonly hieraConfigPath?: string | undefined;
  /**
   * The manifest, within `manifestsPath`, or within the environment.
   * @defaultValue 'default.pp'
   */
  readonly manifestFile?: string | undefined;
  /**
   * The folder of the manifests, on this host or in the machine (`['vm', path]`).
   * @defaultValue 'manifests'
   */
  readonly manifestsPath?: HostOrVmPath | undefined;
  /** Folders of modules, on this host. */
  readonly modulePath?: string | readonly string[] | undefined;
  /** More options for `puppet apply`. */
  readonly options?: string | readonly string[] | undefined;
  /** Accepted for Vagrant's sake: the folders are always pushed. */
  readonly syncedFolderType?: string | undefined;
  /** Accepted for Vagrant's sake: names that are left out of what is pushed, after `--exclude`. */
  readonly syncedFolderArgs?: readonly string[] | undefined;
  /**
   * Where the folders go in the machine.
   * @defaultValue '/tmp/skerry-puppet'
   */
  readonly tempDir?: string | undefined;
  /** The folder of the machine that the command runs in. */
  readonly workingDirectory?: string | undefined;
  /**
   * How many seconds it may take.
   * @defaultValue 1800
   */
  readonly timeout?: number | undefined;
}

/** An Ansible playbook, run on this host over ssh, or in the machine. */
export interface AnsibleConfig {
  /** The playbook, relative to the lab file. */
  readonly playbook: string;
  /**
   * Where Ansible runs: on this host, or in each machine by itself (`local`).
   * @defaultValue 'host'
   */
  readonly mode?: 'host' | 'local' | undefined;
  /** Variables. */
  readonly extraVars?: Readonly<Record<string, unknown>> | undefined;
  /** Groups of the inventory: names of machines by group. */
  readonly groups?: Readonly<Record<string, readonly string[]>> | undefined;
  /** More options for `ansible-playbook`. */
  readonly options?: readonly string[] | undefined;
}

/** A cloud-init document (NoCloud). Exactly one of `userData` and `userDataFile`. */
export interface CloudInitConfig {
  /** The user data: `#cloud-config` and so on. */
  readonly userData?: string | undefined;
  /** A file of this host that holds it, relative to the lab file. */
  readonly userDataFile?: string | undefined;
  /** More fields of the meta data. `instance-id` and `local-hostname` are there already. */
  readonly metaData?: Readonly<Record<string, unknown>> | undefined;
}

/** A command before or after something happens to the lab. Exactly one of `before` and `after`. */
export interface TriggerConfig {
  /** What it comes before. */
  readonly before?: TriggerAction | readonly TriggerAction[] | undefined;
  /** What it comes after. */
  readonly after?: TriggerAction | readonly TriggerAction[] | undefined;
  /** A shell command. */
  readonly run: string;
  /** The machines it runs in: names or /regular expressions/. Without it, this host, in the folder of the lab file. */
  readonly on?: string | readonly string[] | undefined;
  /**
   * What its failure means: `halt` ends the command, `continue` only says so.
   * @defaultValue 'halt'
   */
  readonly onError?: 'halt' | 'continue' | undefined;
}

/** What triggers can come before or after. */
export type TriggerAction = 'up' | 'halt' | 'reload' | 'destroy' | 'provision' | 'sync';
