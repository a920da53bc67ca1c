import type { CommandEntry } from '../commands.ts';

/** The subcommands of `skerry superproject`, in the order help shows them. */
export const SUPERPROJECT_COMMANDS: readonly CommandEntry[] = [
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
];
