import type { PinnedComponent } from '../../superproject/read-superproject.ts';

/** The components of `--url`, or of the checkout around here, and the superproject's branch where there is one. */
export async function componentsOf(
  {
    url,
    branch,
    jobs,
  }: { url: string | undefined; branch: string | undefined; jobs: number | undefined },
  signal: AbortSignal,
): Promise<{
  root: string;
  branch: string | undefined;
  components: readonly PinnedComponent[];
}> {
  if (url === undefined) {
    const { findRoot } = await import('../../superproject/target.ts');
    const { readCheckout } = await import('../../superproject/checkout/checkout.ts');
    const checkout = await readCheckout(await findRoot(process.cwd(), signal), signal);
    return { ...checkout, branch: branch ?? checkout.head.branch };
  }
  const { Network } = await import('../../superproject/network.ts');
  const { Scratch } = await import('../../superproject/scratch.ts');
  const { readBranch } = await import('../../superproject/read-branch.ts');
  await using scratch = await Scratch.create();
  const network = new Network({ signal, jobs });
  const found = await readBranch(network, scratch, { url, branch });
  return { root: '/', branch: found.branch, components: found.superproject.components };
}
