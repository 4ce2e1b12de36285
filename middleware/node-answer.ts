/** Endpoints over node:http, HTTP/1.1 and HTTP/2. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { AnswerConnection, EndpointAnswer, EndpointRequest, FindEndpoint } from './endpoint.js';
import { isOver, whenOver } from './response-over.js';
import { becameSession } from './session.js';

/** A handler for node:http, Express, Connect and Nest. Requests for other paths are passed to `next`, if there is one. */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

export function nodeHandler(find: FindEndpoint): NodeHandler {
  return (request, response, next) => {
    const [path, query] = targetOf(request);
    const answer = find(path);
    if (answer === undefined && next !== undefined) next();
    else
      void (async () => answer?.(nodeRequest(request, response, query)) ?? notFound)().then(
        (made) => sendAnswer(request, response, made),
        (error) => {
          if (next !== undefined) next(error);
          else sendAnswer(request, response, { status: 500, headers: { 'Cache-Control': 'no-store' } });
        },
      );
  };
}

const notFound: EndpointAnswer = { status: 404, headers: {} };

export function nodeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  query: string,
): EndpointRequest {
  const { method = '', headers, socket } = request;
  return {
    method,
    query: new URLSearchParams(query),
    address: socket.remoteAddress,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join() : value;
    },
    connection: nodeConnection(request, response),
  };
}

/** The connection or HTTP/2 stream of a request, even if the response waits behind others of a pipeline. */
export function nodeConnection(request: IncomingMessage, response: ServerResponse): AnswerConnection {
  return {
    get isOver() {
      return isOver(request, response);
    },
    whenOver: (listener) => whenOver(request, response, listener),
    cutOff: () => response.destroy(),
    get isServerClosing() {
      // Node sets the property on sockets, without a type.
      const { server } = request.socket as { readonly server?: { readonly listening?: boolean } };
      return server?.listening === false;
    },
    becomesSession: () => becameSession(response),
  };
}

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: EndpointAnswer): void {
  const { status, headers, body } = answer;
  if (isOver(request, response) || response.headersSent) return;
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'Vary') response.appendHeader(name, value as string);
    else response.setHeader(name, value);
  }
  response.statusCode = status;
  if (typeof body !== 'object') {
    // The length of a body that was not made for HEAD is unknown.
    if (body !== undefined || status !== 200 || request.method !== 'HEAD')
      response.setHeader('Content-Length', Buffer.byteLength(body ?? ''));
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  // A body that fails destroys the connection, so that the client notices the missing part.
  pipeline(body, response, () => {});
}

/** Path and query of a request, including the path at which Express has mounted the handler. */
function targetOf(request: IncomingMessage): [path: string, query: string] {
  const { originalUrl } = request as { originalUrl?: unknown };
  const target = typeof originalUrl === 'string' ? originalUrl : (request.url ?? '');
  // A proxy may send an absolute URL (RFC 9112, 3.2.2).
  const [, path = '', query = ''] = /^(?:https?:\/\/[^/?]*)?([^?]*)\??(.*)$/i.exec(target) ?? [];
  return [path, query];
}
