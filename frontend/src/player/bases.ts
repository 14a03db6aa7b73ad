/**
 * Which edge a film is fetched from. All serve it at the same paths, so that a request which an edge
 * does not answer is repeated at the next one by nothing but another address.
 */
export class Bases {
  private readonly bases: readonly string[];
  private turn = 0;
  /** Where each address was asked for last. */
  private readonly asked = new Map<string, string>();

  /** `bases` come best first; an empty one is `here`. */
  constructor(bases: readonly string[], here: string) {
    this.bases = bases.map((base) => base || here);
  }

  /** The address of `url`, which is one of the film's, at the edge in use. */
  at(url: string): string {
    const known = this.of(url);
    const now = this.bases[this.turn];
    if (!known || !now) return url;
    this.asked.set(url, now);
    return now + url.slice(known.length);
  }

  /** `url` was not answered: from now on another edge is asked. */
  failed(url: string): void {
    // Late news of one that was left already says nothing about the one in use.
    if (this.asked.get(url) === this.bases[this.turn]) {
      this.turn = (this.turn + 1) % this.bases.length;
    }
  }

  private of(url: string): string | undefined {
    return this.bases.find((base) => url.startsWith(`${base}/v/`));
  }
}
