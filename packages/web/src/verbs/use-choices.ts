import { useQuery } from '@tanstack/react-query';
import { apiPost, pathOf } from '../api/client.ts';
import { useHolders } from '../people/use-people.ts';
import type { EntityState, VerbInfo } from '../api/types.ts';
import { cloud } from '../store/cloud.ts';
import { hypervisorOf } from '../store/state.ts';

interface Images {
  readonly images: readonly { readonly name: string; readonly sizeBytes: number }[];
}

/** The golden images of a hypervisor. */
export function useImages(hypervisor: string | undefined) {
  return useQuery({
    queryKey: ['images', hypervisor],
    queryFn: () => apiPost<Images>(`${pathOf(`hypervisor:${hypervisor}`)}/drives_getgolden`),
    enabled: hypervisor !== undefined && hypervisor !== '',
  });
}

/** What the fields of a verb's form can be, as far as this page knows it. */
export function useChoices(
  entity: EntityState | undefined,
  verb: VerbInfo,
): Readonly<Record<string, readonly string[]>> {
  const isGrant = verb.name === 'permission_set';
  const { users, roles } = useHolders();
  if (!entity) return {};
  const host = hypervisorOf(cloud.get(), entity.kind === 'vm' ? entity.hypervisor : entity.name);
  const vm = entity.kind === 'vm' ? entity : undefined;
  return {
    network: host?.networks.map(({ name }) => name) ?? [],
    ...(verb.name.startsWith('network_') && { name: host?.networks.map(({ name }) => name) ?? [] }),
    ...(verb.name.startsWith('snapshot_') && { name: vm?.snapshots.map(({ name }) => name) ?? [] }),
    ...(verb.name.startsWith('drives_') && { target: vm?.disks.map(({ target }) => target) ?? [] }),
    ...(isGrant && {
      who: [
        ...users.map((user) => `user:${user}`),
        ...Object.keys(roles).map((role) => `role:${role}`),
      ],
    }),
  };
}
