// What central says of its people; read again when one of them was changed, by whomever.
import { useQuery } from '@tanstack/react-query';
import { apiGet, apiPost } from '../api/client.ts';
import type { GrantRow, KnownPermission, RoleRow, TokenRow, UserRow } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { lastChangeOf } from '../store/last-change.ts';

/** One list that a verb of central gives. */
function useList<Row>(verb: string, list: string, params: object = {}, enabled = true) {
  const changed = useCloud((state) => lastChangeOf(state, 'central'));
  return useQuery({
    queryKey: ['central', verb, params, changed],
    queryFn: async () =>
      (await apiPost<Readonly<Record<string, readonly Row[]>>>(`central/${verb}`, params))[list] ??
      [],
    placeholderData: (before) => before,
    staleTime: 0,
    enabled,
  });
}

export const useUsers = (enabled = true) => useList<UserRow>('user_list', 'users', {}, enabled);
export const useRoles = (enabled = true) => useList<RoleRow>('role_list', 'roles', {}, enabled);
export const useGrants = (enabled = true) => useList<GrantRow>('grant_list', 'grants', {}, enabled);
export const useTokens = (user?: string) =>
  useList<TokenRow>('token_list', 'tokens', user === undefined ? {} : { user });

/** Every permission there is; that changes with central alone. */
export function usePermissions(): readonly KnownPermission[] {
  const { data } = useQuery({
    queryKey: ['permissions'],
    queryFn: () =>
      apiPost<{ readonly permissions: readonly KnownPermission[] }>('central/permission_list'),
    staleTime: Infinity,
  });
  return data?.permissions ?? [];
}

/** Whom one can grant something to. */
export function useHolders(): {
  readonly users: readonly string[];
  readonly roles: Readonly<Record<string, readonly string[]>>;
} {
  const changed = useCloud((state) => lastChangeOf(state, 'central'));
  const users = useQuery({
    queryKey: ['users', changed],
    queryFn: () => apiGet<string[]>('users'),
    placeholderData: (before) => before,
  });
  const roles = useQuery({
    queryKey: ['roles', changed],
    queryFn: () => apiGet<Record<string, readonly string[]>>('roles'),
    placeholderData: (before) => before,
  });
  return { users: users.data ?? [], roles: roles.data ?? {} };
}
