import type { ReactNode } from 'react';
import { useMe } from '../shell/use-me.ts';
import { Empty } from '../ui/bits.tsx';

/** An empty cloud is not the same for who can let hypervisors join and for who is let see nothing. */
export function NothingYet({ action }: { readonly action?: ReactNode }) {
  const me = useMe();
  if (me && !me.admin)
    return (
      <Empty icon="machine" title="Nothing is shared with you yet">
        Ask an administrator for a permission on a machine or a hypervisor. What it is for shows up
        here at once.
      </Empty>
    );
  return (
    <Empty icon="server" title="No hypervisors yet" action={action}>
      On each host run <code>skerry agent join TOKEN</code>. It shows up here by itself.
    </Empty>
  );
}
