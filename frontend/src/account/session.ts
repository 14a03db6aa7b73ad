import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { SignUp } from '../api/types';
import { useSomebodyElse } from './user';

export function useSignIn() {
  const somebodyElse = useSomebodyElse();
  return useMutation({
    mutationFn: (body: { name: string; password: string }) =>
      unwrap(api.POST('/api/accounts/sign-in', { body })),
    onSuccess: somebodyElse,
  });
}

export function useSignUp() {
  const somebodyElse = useSomebodyElse();
  return useMutation({
    mutationFn: (body: SignUp) => unwrap(api.POST('/api/accounts/sign-up', { body })),
    onSuccess: somebodyElse,
  });
}

/** The first admin takes the Marquee over, by the link that its operator was shown. */
export function useClaim() {
  const somebodyElse = useSomebodyElse();
  return useMutation({
    mutationFn: (body: { token: string; name: string; password: string }) =>
      unwrap(api.POST('/api/accounts/claim', { body })),
    onSuccess: somebodyElse,
  });
}
