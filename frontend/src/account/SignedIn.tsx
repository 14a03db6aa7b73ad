import { Navigate, useRouterState } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useIsSomebody, useUser } from './user';

/** What only somebody who is signed in may see; others are asked to, and come back. */
export function SignedIn({ children }: { children: ReactNode }) {
  const user = useUser();
  // Where one is now: while the next page loads, the address is its already.
  const [to] = useState(useRouterState({ select: (state) => state.location.href }));
  const isSomebody = useIsSomebody();
  if (user === null) return <Navigate to="/sign-in" search={{ to }} replace />;
  return isSomebody ? children : null;
}
