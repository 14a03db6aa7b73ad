import { localOwner } from './people';

type Answer = (body: unknown, address: URL) => unknown;

/** The API in memory: each story says what it answers. Anything else is not found. */
class FakeApi {
  /** What was asked for, as `PATCH /api/videos/v {"title":"…"}`. */
  asked: string[] = [];
  #answers = new Map<string, Answer>();

  /** `call` is a method and a path. The answer is JSON, or a `Response` of its own. */
  on(call: string, answer: Answer): void {
    this.#answers.set(call, answer);
  }

  reset(): void {
    this.asked = [];
    this.#answers = new Map();
    this.on('GET /api/videos', () => ({ items: [] }));
    this.on('GET /api/uploads', () => ({ items: [] }));
    this.on('GET /api/accounts/oidc', () => ({ items: [] }));
    this.on('GET /api/accounts/me', () => ({ user: localOwner, registration: 'closed' }));
  }

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const address = new URL(request.url);
    const text = await request.text();
    const call = `${request.method} ${address.pathname}`;
    this.asked.push(`${call}${address.search}${text && ` ${text}`}`);
    const answer = this.#answers.get(call);
    const body = answer
      ? answer(text === '' ? undefined : JSON.parse(text), address)
      : Response.json({ title: 'Not found', detail: `${call} is not here` }, { status: 404 });
    return body instanceof Response ? body : Response.json(body);
  };
}

export const fakeApi = new FakeApi();
