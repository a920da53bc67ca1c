import type { CommandEntry } from '../commands.ts';

/** The subcommands of `skerry superproject`, in the order help shows them. */
export const SUPERPROJECT_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'make a folder a superproject',
    load: () => import('./init.ts'),
  },
  {
    name: 'add',
    summary: 'add a component that follows a branch',
    load: () => import('./add.ts'),
  },
  {
    name: 'remove',
    summary: 'remove components; lose nothing',
    load: () => import('./remove.ts'),
  },
  {
    name: 'move',
    summary: 'move a component to another path',
    load: () => import('./move.ts'),
  },
  {
    name: 'list',
    summary: 'list components with their branches and pins',
    load: () => import('./list.ts'),
  },
  {
    name: 'clone',
    summary: 'clone a superproject with its components, in parallel',
    load: () => import('./clone.ts'),
  },
  {
    name: 'sync',
    summary: 'bring the components of a checkout to their pins; lose nothing',
    load: () => import('./sync.ts'),
  },
  {
    name: 'status',
    summary: 'show where components differ from their pins, branches and remotes',
    load: () => import('./status.ts'),
  },
  {
    name: 'update',
    summary: 'move pins to the tips of their branches',
    load: () => import('./update.ts'),
  },
  {
    name: 'start',
    summary: 'make a topic branch in several components at once',
    load: () => import('./start.ts'),
  },
  {
    name: 'push',
    summary: 'push components, then the superproject; all pins verified',
    load: () => import('./push.ts'),
  },
  {
    name: 'foreach',
    summary: 'run a command in each component',
    load: () => import('./foreach.ts'),
  },
  {
    name: 'hook',
    summary: 'have every push checked for pins that are not on their remotes',
    load: () => import('./hook.ts'),
  },
  {
    name: 'nightly',
    summary: 'pin the tips of all components in one commit, and tag it',
    load: () => import('./nightly.ts'),
  },
  {
    name: 'branch',
    summary: 'make a release branch on every component and the superproject',
    load: () => import('./branch.ts'),
  },
  {
    name: 'tag',
    summary: 'tag a release, on request in every component too',
    load: () => import('./tag.ts'),
  },
  {
    name: 'freeze',
    summary: 'print the pins, also as a manifest of repo, west or vcstool',
    load: () => import('./freeze.ts'),
  },
  {
    name: 'manifest',
    summary: 'import from and export to repo, west and vcstool',
    load: () => import('./manifest.ts'),
  },
  {
    name: 'log',
    summary: 'list commits of the superproject with the pins each moved',
    load: () => import('./log.ts'),
  },
  {
    name: 'changelog',
    summary: 'show what changed in all components between two refs',
    load: () => import('./changelog.ts'),
  },
  {
    name: 'escrow',
    summary: 'deposit a release so that it can be restored without us',
    load: () => import('./escrow.ts'),
  },
  {
    name: 'bisect',
    summary: 'find the component and the commit that broke it',
    load: () => import('./bisect.ts'),
  },
  {
    name: 'mirror',
    summary: 'keep bare mirrors of everything, to clone from and to borrow from',
    load: () => import('./mirror.ts'),
  },
  {
    name: 'doctor',
    summary: 'find what hurts superprojects, by the 23 known pains, and mend it',
    load: () => import('./doctor.ts'),
  },
];
