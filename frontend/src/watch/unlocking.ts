/** What opened films that take a password, kept as long as this tab is open. */
const name = (id: string) => `marquee.unlock.${id}`;

/** Storage may be forbidden: then the password is asked for again. */
const attempt = <T>(what: () => T): T | undefined => {
  try {
    return what();
  } catch {
    return undefined;
  }
};

export const keepUnlockKey = (id: string, key: string) =>
  attempt(() => sessionStorage.setItem(name(id), key));

/** The headers that requests for the film carry. */
export function unlocking(id: string): { 'marquee-unlock'?: string } {
  const key = attempt(() => sessionStorage.getItem(name(id)));
  return key ? { 'marquee-unlock': key } : {};
}
