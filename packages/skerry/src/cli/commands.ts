import type { Command } from 'commander';

export interface CommandEntry {
  readonly name: string;
  /** A second, shorter name. */
  readonly alias?: string;
  readonly summary: string;
  /** Loads the command's file, whose `define` adds arguments, options, help and action. */
  readonly load: () => Promise<{ define: (command: Command) => void | Promise<void> }>;
}

/** All commands in the order help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'init', summary: 'write a lab file to start from', load: () => import('./init.ts') },
  {
    name: 'validate',
    summary: 'check the lab file; report everything that is wrong',
    load: () => import('./validate.ts'),
  },
  {
    name: 'up',
    summary: 'bring the lab, or some machines, to what the lab file says',
    load: () => import('./up.ts'),
  },
  {
    name: 'provision',
    summary: 'run provisioners again, in machines that run',
    load: () => import('./provision.ts'),
  },
  { name: 'status', summary: 'show the machines of the lab', load: () => import('./status.ts') },
  {
    name: 'ssh',
    summary: 'log in to a machine, or run a command there, over ssh',
    load: () => import('./ssh.ts'),
  },
  {
    name: 'ssh-config',
    summary: 'print an OpenSSH configuration for the machines',
    load: () => import('./ssh-config.ts'),
  },
  {
    name: 'exec',
    summary: 'run a command on all machines at once, without network',
    load: () => import('./exec.ts'),
  },
  {
    name: 'sync',
    summary: 'bring the trees in the machines up to date, or show how they are',
    load: () => import('./sync.ts'),
  },
  {
    name: 'hack',
    summary: 'build, send and restart what you change, as you save it',
    load: () => import('./hack.ts'),
  },
  {
    name: 'console',
    summary: "attach to a machine's serial console",
    load: () => import('./console.ts'),
  },
  {
    name: 'logs',
    summary: 'print what machines, or the lab itself, wrote',
    load: () => import('./logs.ts'),
  },
  {
    name: 'daemons',
    summary: 'start, stop and watch the daemons of the lab file',
    load: () => import('./daemons.ts'),
  },
  {
    name: 'forward',
    summary: 'make a port of a machine reachable on this host',
    load: () => import('./forward.ts'),
  },
  {
    name: 'halt',
    summary: 'shut machines down; their disks stay',
    load: () => import('./halt.ts'),
  },
  {
    name: 'reload',
    summary: 'halt and up: for changes that need a restart',
    load: () => import('./reload.ts'),
  },
  {
    name: 'snapshot',
    summary: 'save all machines at one instant, and go back to it',
    load: () => import('./snapshot.ts'),
  },
  {
    name: 'fork',
    summary: 'start a second lab from this one as it is now, or from a snapshot',
    load: () => import('./fork.ts'),
  },
  {
    name: 'suspend',
    summary: 'put the lab aside, memory and all; nothing of it runs then',
    load: () => import('./suspend.ts'),
  },
  {
    name: 'resume',
    summary: 'let a suspended lab go on where it was',
    load: () => import('./resume.ts'),
  },
  {
    name: 'destroy',
    summary: 'remove machines and their disks, or the whole lab',
    load: () => import('./destroy.ts'),
  },
  {
    name: 'doctor',
    summary: 'check this computer; say what is missing and how to mend it',
    load: () => import('./doctor.ts'),
  },
  { name: 'image', summary: 'build, list and remove images', load: () => import('./image.ts') },
  {
    name: 'global-status',
    summary: 'show all labs of this user',
    load: () => import('./global-status.ts'),
  },
  {
    name: 'cloud',
    summary: 'run a cloud of hypervisors, with its web UI',
    load: () => import('./cloud.ts'),
  },
  {
    name: 'central',
    summary: 'run the central agent of a cloud on real hosts',
    load: () => import('./central.ts'),
  },
  {
    name: 'agent',
    summary: 'make this host a hypervisor of a cloud',
    load: () => import('./agent.ts'),
  },
  {
    name: 'vm',
    summary: 'list and change the machines of a cloud',
    load: () => import('./vm.ts'),
  },
  {
    name: 'hypervisor',
    summary: 'list and change the hypervisors of a cloud',
    load: () => import('./hypervisor.ts'),
  },
  {
    name: 'superproject',
    alias: 'sp',
    summary: 'many repositories, one truth: nightlies, release branches, tags, escrow',
    load: () => import('./superproject.ts'),
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
];
