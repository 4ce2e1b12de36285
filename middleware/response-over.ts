/** Detects when the connection or stream is done with a response, however it ended. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';

type OverListener = (this: ServerResponse) => void;

interface Waiting {
  readonly res: ServerResponse;
  readonly listener: OverListener;
}

const queue = Symbol('tamma:queue');

interface PipelinedSocket extends Socket {
  [queue]?: Set<Waiting>;
}

/**
 * Calls a function when the connection or stream is done with a response: at `close` of the response; at `close` of the
 * connection if the response still waits behind others of a pipeline (Node 20 and 22 emit none on it); soon if it is over
 * already. May call it twice.
 */
export function whenOver(req: IncomingMessage, res: ServerResponse, listener: OverListener): void {
  res.on('close', listener);
  if (isOver(req, res)) process.nextTick(() => listener.call(res));
  else if (isQueued(req, res)) followSocket(req.socket, { res, listener });
}

/** Whether the connection or stream is done with a response, which may not emit `close` any more. */
export function isOver(req: IncomingMessage, res: ServerResponse): boolean {
  if (isHttp2(req)) return http2StreamOf(res).destroyed;
  return res.closed || (res.socket === null && req.socket.destroyed);
}

/** Whether a response of HTTP/1 is the one that its connection sends, and is not over. Most are: the check reads two fields. */
export function isCurrentHttp1(req: IncomingMessage, res: ServerResponse): boolean {
  return req.httpVersionMajor < 2 && res.socket !== null && !res.destroyed;
}

export function isHttp2(req: IncomingMessage): boolean {
  return req.httpVersionMajor >= 2;
}

export function http2StreamOf(res: ServerResponse): Http2ServerResponse['stream'] {
  return (res as unknown as Http2ServerResponse).stream;
}

/** Whether responses before this one still hold the connection. */
function isQueued(req: IncomingMessage, res: ServerResponse): boolean {
  return !isHttp2(req) && res.socket === null;
}

// One listener per connection: a pipeline may be hundreds of requests long.
function followSocket(socket: PipelinedSocket, waiting: Waiting): void {
  let all = socket[queue];
  if (all === undefined) {
    all = new Set();
    socket[queue] = all;
    socket.once('close', socketClosed);
  }
  // Responses of a pipeline end in order.
  for (const each of all) {
    if (!each.res.closed) break;
    all.delete(each);
  }
  all.add(waiting);
}

function socketClosed(this: PipelinedSocket): void {
  for (const { res, listener } of this[queue] ?? []) listener.call(res);
}
