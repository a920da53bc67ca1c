import { resolve } from 'node:path';
import { allSettled } from '../../util/all-settled.ts';
import { FETCH } from '../fetch-ids.ts';
import { formatGit } from '../format-git.ts';
import { layoutOf } from '../layout.ts';
import { shownUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { readSuperproject } from '../read-superproject.ts';
import { resolveRef } from '../resolve-ref.ts';
import { Scratch } from '../scratch.ts';
import { type EscrowOptions, pathOf, RESERVED } from './create.ts';
import { hasPin, wantedOf } from './gather.ts';
import { openBase } from './since.ts';
import { refuseTaken } from './staging.ts';

export interface EscrowPlan {
  readonly dir: string;
  readonly commit: string;
  /** What would be in the deposit, by its folder there. */
  readonly repositories: readonly { readonly path: string; readonly url: string }[];
  /** What would be fetched. All is written by the deposit's own code then, and by no git command. */
  readonly commands: readonly string[];
}

/**
 * What a deposit would fetch, and where it would put it. Reads the superproject's commit, and the tags of each component;
 * components of components are not seen, which show once theirs is fetched.
 *
 * @throws SP_TARGET_TAKEN, SP_REF_MISSING, SP_LAYOUT, SP_ESCROW_MANIFEST, and what runGit throws
 */
export async function planEscrow(
  network: Network,
  { url, ref, dir, since }: Pick<EscrowOptions, 'url' | 'ref' | 'dir' | 'since'>,
): Promise<EscrowPlan> {
  const target = resolve(dir);
  await refuseTaken(target);
  if (since !== undefined) await openBase(since);
  await using scratch = await Scratch.create();
  const found = await resolveRef(network, url, ref);
  const { commit } = found;
  const { components } = await readSuperproject(network, scratch, { url, commit });
  const pinned = components.filter(hasPin);
  const uses = pinned.map((one) => ({ parent: url, url: one.url, remote: one.remote }));
  const layout = layoutOf(url, uses, RESERVED);
  const own = found.ref.startsWith('refs/') ? `+${found.ref}:${found.ref}` : commit;
  const fetches = await allSettled(
    [...Map.groupBy(pinned, ({ remote }) => remote)].map(async ([remote, all]) => {
      const { pins, named } = await wantedOf(network, remote, all);
      return formatGit([...FETCH, '--', remote, ...pins, ...named]);
    }),
  );
  return {
    dir: target,
    commit,
    repositories: [...layout.paths.keys()].map((remote) => ({
      path: pathOf(layout, remote),
      url: shownUrl(remote),
    })),
    commands: [formatGit([...FETCH, '--', url, own]), ...fetches],
  };
}
