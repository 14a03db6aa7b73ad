import { queryOptions } from '@tanstack/react-query';
import { api } from '../api/client';
import { unwrap } from '../api/problem';

/** Where else one may have an account to sign in with. */
export const providers = () =>
  queryOptions({
    queryKey: ['providers'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/accounts/oidc', { signal })),
  });
