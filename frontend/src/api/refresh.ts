import type { Middleware } from 'openapi-fetch';

/** What the gateway answers when a credential is not valid any more. */
const SIGNED_OUT = '/problems/signed-out';

let underway: Promise<boolean> | undefined;

/** Gets a new access token by the refresh token: once, however many requests wait for it. */
function refresh(): Promise<boolean> {
  underway ??= fetch('/api/accounts/refresh', { method: 'POST' })
    .then((answer) => answer.ok || answer.status === 401)
    .catch(() => false)
    .finally(() => {
      underway = undefined;
    });
  return underway;
}

async function isSignedOut(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return (body as { type?: unknown } | undefined)?.type === SIGNED_OUT;
}

/**
 * Repeats a request whose access token had expired, with a new one; as nobody when the session is
 * over, since its cookies are gone then.
 */
export function refreshing(): Middleware {
  const copies = new Map<string, Request>();
  return {
    onRequest({ id, request }) {
      // A body can be read once.
      copies.set(id, request.clone());
    },
    async onResponse({ id, response }) {
      const copy = copies.get(id);
      copies.delete(id);
      if (!copy || !(await isSignedOut(response)) || !(await refresh())) return undefined;
      return fetch(copy);
    },
    onError({ id }) {
      copies.delete(id);
    },
  };
}
