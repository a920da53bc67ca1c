import type { CommandEntry } from '../commands.ts';

/** The subcommands of `skerry superproject`, in the order help shows them. */
export const SUPERPROJECT_COMMANDS: readonly CommandEntry[] = [
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
];
