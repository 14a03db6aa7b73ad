/** What stands between an edge and the path of a film's object: who may fetch it. */
const TOKEN = /^\/v\/([^/]+)\//;

/**
 * Which edge a film is fetched from, and by which token. All edges serve it at the same paths, so
 * that a request which is not answered, or whose token is not valid any more, is repeated by nothing
 * but another address.
 */
export class Bases {
  private readonly bases: readonly string[];
  private turn = 0;
  /** The newest token, once the first was refused. */
  private token: string | undefined;
  private renewing: Promise<void> | undefined;
  /** Where each address was asked for last. */
  private readonly asked = new Map<string, string>();

  /**
   * `bases` come best first; an empty one is `here`. `renew` gives an address of the film with a new
   * token, if one may still see it.
   */
  constructor(
    bases: readonly string[],
    here: string,
    private readonly renew?: () => Promise<string | undefined>,
  ) {
    this.bases = bases.map((base) => base || here);
  }

  /** The address of `url`, which is one of the film's, at the edge in use. */
  at(url: string): string {
    const known = this.of(url);
    const now = this.bases[this.turn];
    if (known === undefined || now === undefined) return url;
    this.asked.set(url, now);
    const path = url.slice(known.length);
    return now + (this.token ? path.replace(TOKEN, `/v/${this.token}/`) : path);
  }

  /** `url` was not answered: from now on another edge is asked. */
  failed(url: string): void {
    // Late news of one that was left already says nothing about the one in use.
    if (this.asked.get(url) === this.bases[this.turn]) {
      this.turn = (this.turn + 1) % this.bases.length;
    }
  }

  /** The token was not accepted: another one is asked for, once for all who need it. */
  refused(): Promise<void> {
    this.renewing ??= this.another().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async another(): Promise<void> {
    const url = await this.renew?.().catch(() => undefined);
    const path = url?.slice(url.indexOf('/v/'));
    this.token = path?.match(TOKEN)?.[1] ?? this.token;
  }

  private of(url: string): string | undefined {
    return this.bases.find((base) => url.startsWith(`${base}/v/`));
  }
}
