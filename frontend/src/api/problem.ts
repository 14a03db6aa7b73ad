import { t } from '../i18n';

/** A request that did not succeed. `status` 0 means that no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly type: string | undefined = undefined,
    readonly requestId: string | undefined = undefined,
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.name = 'ApiError';
  }
}

/** Makes the error a person can read of whatever body came with `status`. */
export function problemError(status: number, body: unknown): ApiError {
  if (typeof body === 'object' && body !== null) {
    const problem = body as Record<string, unknown>;
    const text = (key: string) => (typeof problem[key] === 'string' ? problem[key] : undefined);
    const sentence = text('detail') ?? text('title');
    if (sentence) return new ApiError(status, sentence, text('type'), text('request_id'));
  }
  return new ApiError(status, t('error.unknown', { status }));
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's data, or an `ApiError` that says what went wrong. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, t('error.network'), undefined, undefined, { cause });
  }
  if (!answer.response.ok) throw problemError(answer.response.status, answer.error);
  return answer.data as T;
}
