/** How a response ended: the status that was sent, and the side that broke it off. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { http2StreamOf, isHttp2 } from './response-over.js';

/** The side that broke off an incomplete response. */
export type Breaker = 'client' | 'server';

/** Facts about a response that the response object itself does not show. */
export interface ResponseFacts {
  /** The status of a raw response on the connection; 0 if there was none. */
  readonly rawStatus: number;
  /** Whether all bytes that Content-Length declared have been sent. */
  readonly isDelivered: boolean;
  /** Whether this process closed the HTTP/2 stream. */
  readonly isClosedHere: boolean;
}

/** Status of a request whose client left before the response (nginx's convention). */
const clientClosedRequest = 499;

/** Status of a request that the server dropped without a response. */
const serverDroppedRequest = 500;

/** The status with which Node responds by itself, by the code of the error with which it then destroys the connection. */
const nodeAnswers: ReadonlyMap<string, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** Node reports a body that ends too early as malformed, and responds although the client has left. */
const endedEarly = 'HPE_INVALID_EOF_STATE';

/** Whether a response of HTTP/1 was sent to its end. Most are: the check spares the questions of how others ended. */
export function isCompleteHttp1(req: IncomingMessage, res: ServerResponse): boolean {
  return req.httpVersionMajor < 2 && res.writableFinished && !req.socket.destroyed;
}

/** The side that broke a response off; `undefined` if the response is complete. */
export function breakerOf(
  req: IncomingMessage,
  res: ServerResponse,
  facts: ResponseFacts,
): Breaker | undefined {
  if (facts.rawStatus !== 0 || facts.isDelivered) return undefined;
  if (isHttp2(req)) return http2BreakerOf(http2StreamOf(res), facts);
  const { socket } = req;
  // Node 20 also finishes a response whose last write has failed; its connection is destroyed by then. A response that was
  // assigned to a connection by hand (in an `upgrade` listener) is not detached from it, and closes with it.
  if (res.writableFinished && (!socket.destroyed || (res.socket !== null && socket.errored === null)))
    return undefined;
  return socket.readableEnded || isOfClient(socket.errored, res) ? 'client' : 'server';
}

/** The status that was sent; 499 or 500 if none was. */
export function statusOf(
  req: IncomingMessage,
  res: ServerResponse,
  { rawStatus }: ResponseFacts,
  breaker: Breaker | undefined,
): number {
  if (rawStatus !== 0) return rawStatus;
  if (isHeadSent(req, res))
    return isHttp2(req) ? Number(http2StreamOf(res).sentHeaders[':status']) : res.statusCode;
  const code = isHttp2(req) ? undefined : codeOf(req.socket.errored);
  const answered = code === undefined ? undefined : nodeAnswers.get(code);
  if (answered !== undefined) return answered;
  if (code?.startsWith('HPE_') && code !== endedEarly) return 400;
  return breaker === 'server' ? serverDroppedRequest : clientClosedRequest;
}

/** Whether the head of a response has been sent, and does not wait behind other responses of a pipeline. */
export function isHeadSent(req: IncomingMessage, res: ServerResponse): boolean {
  return res.headersSent && (isHttp2(req) || res.socket !== null || res.writableLength === 0);
}

function http2BreakerOf(stream: ServerHttp2Stream, { isClosedHere }: ResponseFacts): Breaker | undefined {
  const isComplete = !stream.aborted && (stream.rstCode === 0 || stream.writableFinished);
  if (isComplete) return undefined;
  return isClosedHere ? 'server' : 'client';
}

/** Whether a connection broke because of the client: it reset the connection, is unreachable, or sent invalid data. */
function isOfClient(error: Error | null, res: ServerResponse): boolean {
  // The error of a body (for example of an upstream) that destroyed the response and its connection.
  if (error === null || error === res.errored) return false;
  const code = codeOf(error);
  // A write cancelled because this process closed the connection.
  if (code === undefined || code === 'ECANCELED') return false;
  return 'syscall' in error || code.startsWith('HPE_') || code === 'ERR_STREAM_WRITE_AFTER_END';
}

function codeOf(error: Error | null): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
