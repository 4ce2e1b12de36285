/** How a response ended: what went over the wire, and who broke it off. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { http2StreamOf, isHttp2 } from './response-over.js';

/** Who broke off a response that did not come to its end. */
export type Breaker = 'client' | 'server';

/** What is known of a response beside itself. */
export interface ResponseFacts {
  /** Status that was written past the response; 0 for none. */
  readonly rawStatus: number;
  /** Whether all bytes that Content-Length declared have been sent. */
  readonly isDelivered: boolean;
  /** Whether this process closed the stream (HTTP/2), which the stream itself does not show. */
  readonly isClosedHere: boolean;
}

/** Status of a request whose client left before it got an answer (nginx's convention). */
const clientClosedRequest = 499;

/** Status of a request that the server dropped without an answer. */
const serverDroppedRequest = 500;

/** What Node answers by itself, before it destroys the connection with an error of this code. */
const ownAnswers: ReadonlyMap<string, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** Node takes a body that ends too early for a malformed one, and answers a client that has left. */
const endedEarly = 'HPE_INVALID_EOF_STATE';

/** Who broke a response off; `undefined` for one that is complete. */
export function breakerOf(
  req: IncomingMessage,
  res: ServerResponse,
  facts: ResponseFacts,
): Breaker | undefined {
  if (facts.rawStatus !== 0 || facts.isDelivered) return undefined;
  if (isHttp2(req)) return http2BreakerOf(http2StreamOf(res), facts);
  const { socket } = req;
  // Node 20 finishes a response whose last write has failed, too; the connection is destroyed by then. One that was
  // assigned by hand (in an `upgrade` listener) is not detached from its connection, and closes with it.
  if (res.writableFinished && (!socket.destroyed || (res.socket !== null && socket.errored === null)))
    return undefined;
  return socket.readableEnded || isOfClient(socket.errored, res) ? 'client' : 'server';
}

/** The status that went over the wire; 499 or 500 where none did. */
export function statusOf(
  req: IncomingMessage,
  res: ServerResponse,
  { rawStatus }: ResponseFacts,
  breaker: Breaker | undefined,
): number {
  if (rawStatus !== 0) return rawStatus;
  if (isHeadOnWire(req, res))
    return isHttp2(req) ? Number(http2StreamOf(res).sentHeaders[':status']) : res.statusCode;
  const code = isHttp2(req) ? undefined : codeOf(req.socket.errored);
  const answered = code === undefined ? undefined : ownAnswers.get(code);
  if (answered !== undefined) return answered;
  if (code?.startsWith('HPE_') && code !== endedEarly) return 400;
  return breaker === 'server' ? serverDroppedRequest : clientClosedRequest;
}

/** Whether the head of a response has left its queue. */
export function isHeadOnWire(req: IncomingMessage, res: ServerResponse): boolean {
  return res.headersSent && (isHttp2(req) || res.socket !== null || res.writableLength === 0);
}

function http2BreakerOf(stream: ServerHttp2Stream, { isClosedHere }: ResponseFacts): Breaker | undefined {
  const isComplete = !stream.aborted && (stream.rstCode === 0 || stream.writableFinished);
  if (isComplete) return undefined;
  return isClosedHere ? 'server' : 'client';
}

/** Whether a connection broke because of its client: it reset the connection, cannot be reached, or sent garbage. */
function isOfClient(error: Error | null, res: ServerResponse): boolean {
  // A body's error (an upstream that was reset) that destroyed the response, and the connection with it.
  if (error === null || error === res.errored) return false;
  const code = codeOf(error);
  // A write that this process cancelled by closing the connection.
  if (code === undefined || code === 'ECANCELED') return false;
  return 'syscall' in error || code.startsWith('HPE_') || code === 'ERR_STREAM_WRITE_AFTER_END';
}

function codeOf(error: Error | null): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
