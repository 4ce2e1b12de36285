/** Endpoints behind a fetch-style handler: a `Request` in, a `Response` out. */
import { Readable } from 'node:stream';
import type { EndpointAnswer, EndpointRequest } from './endpoint.js';

export type FetchHandler = (request: Request) => Promise<Response>;

type Find = (path: string) => ((request: EndpointRequest) => Promise<EndpointAnswer>) | undefined;

export function fetchHandler(find: Find): FetchHandler {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const answer = await find(pathname)?.({
      method: request.method,
      query: new URLSearchParams(search),
      address: undefined,
      header: (name) => request.headers.get(name) ?? undefined,
    });
    return answer === undefined ? new Response(null, { status: 404 }) : responseOf(request, answer);
  };
}

function responseOf(
  { method, signal }: Request,
  { status, headers, body, ended, cutOffAfter }: EndpointAnswer,
): Response {
  const own = new Headers();
  for (const [name, value] of Object.entries(headers))
    for (const each of typeof value === 'string' ? [value] : value) own.append(name, each);
  if (typeof body !== 'object') {
    ended?.();
    const sent = method === 'HEAD' || body === undefined ? null : body;
    return new Response(sent, { status, headers: own });
  }
  // Read to its end, cancelled, or cut off: that is all that can be seen of the connection here.
  const cutOff =
    cutOffAfter === undefined
      ? undefined
      : setTimeout(() => body.destroy(new Error('the client took too long')), cutOffAfter);
  const abort = (): void => {
    body.destroy();
  };
  signal.addEventListener('abort', abort, { once: true });
  body.once('close', () => {
    clearTimeout(cutOff);
    signal.removeEventListener('abort', abort);
    ended?.();
  });
  if (signal.aborted) abort();
  return new Response(Readable.toWeb(body) as ReadableStream, { status, headers: own });
}
