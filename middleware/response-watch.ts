/**
 * Watches one request for its measurements: how it ends, and with which status. It observes the request and the response
 * themselves, below all middleware.
 *
 * The methods that it replaces are shared by all requests, and their state is kept on the response: closures per request
 * would be several times as expensive.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { type BodyWatch, sentLength } from './body-watch.js';
import { watchRawAnswers } from './raw-answer.js';
import {
  type Breaker,
  breakerOf,
  isCompleteHttp1,
  isHeadSent,
  type ResponseFacts,
  statusOf,
} from './response-outcome.js';
import { http2StreamOf, isCurrentHttp1, isHttp2, isOver, whenOver } from './response-over.js';
import { watched } from './session.js';

interface WatchedResponse extends ServerResponse {
  [watched]: ResponseWatch;
}

interface WatchedStream extends ServerHttp2Stream {
  [watched]: ResponseWatch;
}

/** One middleware's measurement of a request. */
export interface Measurement {
  /** A linked list: a request may be measured in several registries. */
  readonly next: Measurement | undefined;
  /** The registry in which it records. */
  readonly registry: unknown;
  /** The request was passed on to another Koa app by its `callback()`, with this context. */
  handedTo(ctx: unknown): void;
  /** Called once, when the connection or stream is done with the request. Must not throw. */
  ended(watch: ResponseWatch): void;
}

/**
 * The state of one watched request and its response. The first measurement of a request extends it, so that a request makes one
 * object.
 */
export class ResponseWatch implements ResponseFacts {
  measurements: Measurement | undefined = undefined;
  /** The first byte and the sizes, if a measurement needs them. */
  bodies: BodyWatch | undefined = undefined;

  isOver = false;
  /** Whether the head of the response was sent; set when the request is over. */
  isHeadSent = false;
  /** The status that was sent, or the one that stands for none; set when the request is over. */
  status = 0;
  /** The side that broke the response off, if any; set when the request is over. */
  breaker: Breaker | undefined = undefined;

  rawStatus = 0;
  isDelivered = false;
  isClosedHere = false;

  /** Bytes of the response body that were passed to `write`. */
  writtenBytes = 0;
  /** The value of Content-Length; -1 if it is not declared, and 0 until it is looked up. */
  declaredBytes = 0;
  readonly write: ServerResponse['write'];
  readonly req: IncomingMessage;
  /** Read at the start: middleware may change the method. */
  readonly isHead: boolean;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.req = req;
    this.isHead = req.method === 'HEAD';
    this.write = res.write;
  }

  /** Ends all measurements of the request. */
  close(res: ServerResponse): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.rawStatus === 0 && isCompleteHttp1(this.req, res)) {
      this.status = res.statusCode;
      this.isHeadSent = true;
    } else {
      this.breaker = breakerOf(this.req, res, this);
      this.status = statusOf(this.req, res, this, this.breaker);
      this.isHeadSent = this.rawStatus === 0 && isHeadSent(this.req, res);
    }
    for (let each = this.measurements; each !== undefined; each = each.next) each.ended(this);
  }
}

/** The watch of a response, if it is watched already. */
export function watchOf(res: ServerResponse): ResponseWatch | undefined {
  return (res as Partial<WatchedResponse>)[watched];
}

/** The measurement of a request in a registry, by middleware that was mounted earlier. */
export function measurementIn(registry: unknown, watch: ResponseWatch): Measurement | undefined {
  for (let each = watch.measurements; each !== undefined; each = each.next)
    if (each.registry === registry) return each;
  return undefined;
}

/** Starts to watch a response that is not watched yet. Ends the measurements of `watch` if the response is over already. */
export function watchResponse(watch: ResponseWatch, req: IncomingMessage, res: ServerResponse): void {
  (res as WatchedResponse)[watched] = watch;
  // An own property, which hides that of the prototype or of earlier middleware, and lasts as long as the response.
  res.write = watchedWrite as typeof res.write;
  if (isHttp2(req)) watchStream(http2StreamOf(res) as WatchedStream, watch);
  else watchRawAnswers(req, res, answeredRaw);
  if (isCurrentHttp1(req, res)) res.on('close', watchedClose);
  else if (isOver(req, res)) watch.close(res);
  else whenOver(req, res, watchedClose);
}

function watchedClose(this: ServerResponse): void {
  (this as WatchedResponse)[watched].close(this);
}

/** A WebSocket handshake is over when it is answered: the session is not part of the request. */
function answeredRaw(res: ServerResponse, status: number): void {
  const watch = watchOf(res);
  if (watch === undefined || watch.isOver) return;
  watch.rawStatus = status;
  if (status === 101) watch.close(res);
}

/** An HTTP/2 stream does not show whether the client or this process closed it. */
function watchStream(stream: WatchedStream, watch: ResponseWatch): void {
  stream[watched] = watch;
  stream.close = closedHere;
  stream.destroy = destroyedHere;
}

function closedHere(this: WatchedStream, ...args: Parameters<ServerHttp2Stream['close']>): void {
  noteClosing(this);
  Object.getPrototypeOf(this).close.apply(this, args);
}

function destroyedHere(this: WatchedStream, error?: Error): WatchedStream {
  noteClosing(this, error);
  return Object.getPrototypeOf(this).destroy.call(this, error);
}

// Node itself closes the streams of a connection that the client has left, and of a session with a protocol error.
function noteClosing(stream: WatchedStream, error?: NodeJS.ErrnoException): void {
  if (stream.closed || error?.code === 'ERR_HTTP2_SESSION_ERROR') return;
  const { session } = stream;
  stream[watched].isClosedHere = session !== undefined && !session.socket.destroyed;
}

// Three parameters: an array of arguments for each call would have to be made and spread.
function watchedWrite(this: WatchedResponse, chunk: unknown, encoding: unknown, callback: unknown): unknown {
  const watch = this[watched];
  const write = watch.write as (...args: readonly unknown[]) => unknown;
  watch.writtenBytes += sentLength(watch, this, chunk, encoding);
  if (!hasAllDeclared(watch, this)) return write.call(this, chunk, encoding, callback);
  return typeof encoding === 'function'
    ? write.call(this, chunk, notingDelivery(watch, encoding))
    : write.call(this, chunk, encoding, notingDelivery(watch, callback));
}

/** Whether all declared bytes have been passed to the connection. Called after a chunk was counted. */
function hasAllDeclared(watch: ResponseWatch, res: ServerResponse): boolean {
  if (watch.declaredBytes === 0) watch.declaredBytes = declaredLength(res);
  return watch.declaredBytes > 0 && watch.writtenBytes >= watch.declaredBytes;
}

/** Content-Length as it was set, or passed to `writeHead`: `getHeader` does not return the latter. */
function declaredLength(res: ServerResponse & { readonly _header?: string | null }): number {
  const declared =
    res.getHeader('content-length') ?? /^content-length: *(\d+)/im.exec(res._header ?? '')?.[1];
  return Number(declared ?? -1);
}

/** A callback for the last `write`: a client that has all bytes may leave before `end` is called. */
function notingDelivery(watch: ResponseWatch, callback: unknown): (error?: Error | null) => void {
  return (error) => {
    if (error === undefined || error === null) watch.isDelivered = true;
    if (typeof callback === 'function') callback(error);
  };
}
