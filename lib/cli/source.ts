/** The source of an exposition: an endpoint, a file or standard input. */
import { createReadStream } from 'node:fs';

/** How to read a source. */
export interface SourceAccess {
  readonly headers?: Readonly<Record<string, string>>;
  /** The preferred formats. Default: text. */
  readonly accept?: string;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Seconds to wait for the whole response of an endpoint. */
  readonly timeout: number;
}

/** An exposition in chunks. */
export interface SourceText {
  readonly chunks: AsyncIterable<Uint8Array | string>;
  /** The `Content-Type` of an endpoint, empty if it sends none; `undefined` for other sources. */
  readonly contentType?: string | undefined;
}

/**
 * Opens a source.
 * @param source a URL, the path of a file, or `-`
 * @throws an Error that names the source and the reason
 */
export async function openSource(source: string, access: SourceAccess): Promise<SourceText> {
  if (source === '-') return { chunks: access.stdin };
  return /^https?:\/\//i.test(source) ? openEndpoint(source, access) : { chunks: readFile(source) };
}

async function* readFile(source: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(source);
  } catch (error) {
    const { message } = error as Error;
    // A URL without its scheme, such as `localhost:9090/metrics`.
    const isHost = /^[\w.-]+(:\d+)(\/|$)/.test(source);
    throw new Error(
      `Cannot read \`${source}\`: expected a URL, a file or \`-\`: ${message}.${isHost ? ` Did you mean http://${source}?` : ''}`,
    );
  }
}

const textFormats = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=1';

async function openEndpoint(
  source: string,
  { headers = {}, accept = textFormats, timeout }: SourceAccess,
): Promise<SourceText> {
  const { url, authorization } = withoutCredentials(source);
  const shown = shownSource(source);
  const failed = (error: unknown): Error =>
    new Error(`Cannot read \`${shown}\`: ${reasonOf(error as Error, timeout)}.`);
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { accept, ...authorization, ...headers },
      signal: AbortSignal.timeout(timeout * 1_000),
    });
  } catch (error) {
    throw failed(error);
  }
  if (!response.ok) {
    const { status, statusText } = response;
    // A body that is not read would keep the process running.
    await response.body?.cancel();
    throw new Error(
      `Cannot read \`${shown}\`: expected status 200, received ${`${status} ${statusText}`.trim()}.`,
    );
  }
  const { body } = response;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      if (body !== null) yield* body;
    } catch (error) {
      throw failed(error);
    }
  }
  return { chunks: chunks(), contentType: response.headers.get('content-type') ?? '' };
}

function reasonOf(error: Error, timeout: number): string {
  if (error.name === 'TimeoutError') return `expected an endpoint that answers within ${timeout} seconds`;
  const { message = '', code = '' } = (error.cause ?? {}) as { message?: string; code?: string };
  return `expected an endpoint that answers: ${message || code || error.message}`;
}

/** A source in messages, without its password: messages end up in the logs of CI. */
export function shownSource(source: string): string {
  return /^https?:\/\//i.test(source) ? withoutCredentials(source).url : source;
}

/** `fetch` rejects a URL with a password, so the password goes into the `Authorization` header. */
function withoutCredentials(source: string): {
  readonly url: string;
  readonly authorization?: Readonly<Record<string, string>>;
} {
  if (!URL.canParse(source)) return { url: source };
  const url = new URL(source);
  const { username, password } = url;
  if (username === '' && password === '') return { url: source };
  url.username = '';
  url.password = '';
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url: url.href,
    authorization: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
  };
}
