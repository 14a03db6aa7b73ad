import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { User } from '../api/types';

/** Of a Marquee without accounts, where everybody is its owner. */
const LOCAL = 'local';

export const me = () =>
  queryOptions({
    queryKey: ['me'],
    staleTime: 60_000,
    queryFn: ({ signal }) => unwrap(api.GET('/api/accounts/me', { signal })),
  });

/** Who is signed in. `undefined` while that is not known, `null` when nobody is. */
export function useUser(): User | null | undefined {
  return useQuery(me()).data?.user;
}

/** Whether somebody is signed in, or it cannot be found out. Not before it was tried. */
export function useIsSomebody(): boolean {
  const { data, isPending } = useQuery(me());
  return !isPending && data?.user !== null;
}

export const isLocal = (user: User | null) => user?.user_id === LOCAL;

/** Forgets all that was shown to whoever was there before. */
export function useSomebodyElse() {
  const queries = useQueryClient();
  return async () => {
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' });
    await queries.invalidateQueries();
  };
}
