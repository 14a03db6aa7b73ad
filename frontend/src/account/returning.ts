/** Stands for wherever this application is served. */
const HERE = 'http://here.invalid';

/**
 * The page to go back to after signing in: an address of this application, nothing else. Browsers
 * take `//host`, `/\\host` and the like for other machines, so one of them reads it.
 */
export function returning(to: string | undefined): string {
  if (!to?.startsWith('/') || !URL.canParse(to, HERE)) return '/';
  const { origin, pathname, search, hash } = new URL(to, HERE);
  // Two slashes in front would say a host once more.
  return origin === HERE && !pathname.startsWith('//') ? pathname + search + hash : '/';
}
