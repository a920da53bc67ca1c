/** A machine as both sides describe it. */
export interface PeerMachine {
  readonly name: string;
  readonly nested: boolean;
  readonly primary: boolean;
}

export interface Boot {
  readonly kernel: string;
  readonly initrd: string | undefined;
  readonly kernelArgs: string;
}

/**
 * The lab as a Vagrantfile: the hardware Skerry gives (size, CPU, kernel), Vagrant's defaults otherwise. No synced
 * folder, no host name, no second network: each would make `vagrant up` longer. CPU mode as Skerry's under emulation.
 * `vagrant suspend` writes memory to disk; its default only stops the CPUs.
 */
export function vagrantfile(
  box: string,
  boot: Boot,
  machines: readonly PeerMachine[],
  tree?: string,
): string {
  const synced =
    tree === undefined
      ? ''
      : `\n  config.vm.synced_folder ${ruby(tree)}, "/srv/src", type: "rsync"`;
  return `Vagrant.configure("2") do |config|
  config.vm.box = ${ruby(box)}
  config.vm.synced_folder ".", "/vagrant", disabled: true${synced}
  config.vm.provider :libvirt do |libvirt|
    libvirt.driver = "qemu"
    libvirt.cpu_mode = "maximum"
    libvirt.memory = 512
    libvirt.cpus = 1
    libvirt.suspend_mode = "managedsave"
    libvirt.kernel = ${ruby(boot.kernel)}
${boot.initrd === undefined ? '' : `    libvirt.initrd = ${ruby(boot.initrd)}\n`}    libvirt.cmd_line = ${ruby(boot.kernelArgs)}
  end
${machines.map(machine).join('\n')}
end
`;
}

function machine({ name, nested, primary }: PeerMachine): string {
  // Skerry takes vmx and svm from the machines without `nested`; vagrant-libvirt refuses to do that with this mode.
  return `  config.vm.define ${ruby(name)}${primary ? ', primary: true' : ''} do |machine|
    machine.vm.provider(:libvirt) { |libvirt| libvirt.nested = ${nested} }
  end`;
}

function ruby(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
