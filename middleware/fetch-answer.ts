/** Endpoints behind a fetch-style handler, which takes a `Request` and returns a `Response`. */
import { addAbortSignal, Readable } from 'node:stream';
import type { AnswerConnection, EndpointAnswer, FindEndpoint } from './endpoint.js';

/** Answers a `Request` with a `Response`, as fetch-style frameworks and runtimes expect it. */
export type FetchHandler = (request: Request) => Promise<Response>;

export function fetchHandler(find: FindEndpoint): FetchHandler {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const connection = new FetchConnection(request.signal);
    const answer = await find(pathname)?.({
      method: request.method,
      query: new URLSearchParams(search),
      address: undefined,
      header: (name) => request.headers.get(name) ?? undefined,
      connection,
    });
    return answer === undefined
      ? new Response(null, { status: 404 })
      : responseOf(request, answer, connection);
  };
}

/** The connection of a fetch-style request: over when the body is read or cancelled, or the request is aborted. */
class FetchConnection implements AnswerConnection {
  readonly #cutOff = new AbortController();
  readonly #listeners: (() => void)[] = [];
  /** Aborts when the client leaves, and when the connection is cut off. */
  readonly signal: AbortSignal;

  constructor(left: AbortSignal) {
    this.signal = AbortSignal.any([left, this.#cutOff.signal]);
    // Called synchronously: a body that is making its next chunk closes only after that.
    this.signal.addEventListener('abort', () => this.ended(), { once: true });
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  whenOver(listener: () => void): void {
    this.#listeners.push(listener);
  }

  cutOff(): void {
    this.#cutOff.abort();
  }

  ended(): void {
    for (const listener of this.#listeners) listener();
  }
}

function responseOf(
  { method }: Request,
  { status, headers, body }: EndpointAnswer,
  connection: FetchConnection,
): Response {
  const own = new Headers();
  for (const [name, value] of Object.entries(headers))
    for (const each of typeof value === 'string' ? [value] : value) own.append(name, each);
  if (typeof body !== 'object') {
    connection.ended();
    const sent = method === 'HEAD' || body === undefined ? null : body;
    return new Response(sent, { status, headers: own });
  }
  body.once('close', () => connection.ended());
  addAbortSignal(connection.signal, body);
  return new Response(Readable.toWeb(body) as ReadableStream, { status, headers: own });
}
