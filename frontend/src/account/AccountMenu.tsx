import { lazy, Suspense } from 'react';
import { isLocal, useUser } from './user';

const Corner = lazy(() => import('./Corner'));

/** In the header: who is signed in, or a way to. Nothing where there are no accounts. */
export function AccountMenu() {
  const user = useUser();
  if (user === undefined || isLocal(user)) return null;
  return (
    <Suspense>
      <Corner user={user} />
    </Suspense>
  );
}
