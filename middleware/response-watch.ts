/**
 * Watches one request for its measurements: the time of the first byte, and the bytes of both bodies. It observes the request
 * and the response themselves, below all middleware, so that a compressed body is counted as it is sent.
 *
 * The methods that it replaces are shared by all requests, and their state is kept on the response: closures per request
 * would be several times as expensive.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { startedAt } from '../lib/instruments/stopwatch.js';
import { watchRawAnswers } from './raw-answer.js';
import { type Breaker, breakerOf, isHeadSent, type ResponseFacts, statusOf } from './response-outcome.js';
import { http2StreamOf, isHttp2, isOver, whenOver } from './response-over.js';

const watched = Symbol('tamma:watched');
const received = Symbol('tamma:received');

interface WatchedResponse extends ServerResponse {
  [watched]: ResponseWatch;
}

interface WatchedStream extends ServerHttp2Stream {
  [watched]: ResponseWatch;
}

interface WatchedRequest extends IncomingMessage {
  [received]: { bytes: number; readonly push: IncomingMessage['push'] };
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

/** The state of one watched request and its response. */
export class ResponseWatch implements ResponseFacts {
  measurements: Measurement | undefined;
  /** When the head of the response was written, as `startedAt` returns it; 0 until then. */
  firstByteAt = 0;
  /** Bytes of the response body that were passed to the connection. */
  responseBytes = 0;
  /** The value of Content-Length; -1 if it is not declared, and 0 until it is looked up. */
  #declaredBytes = 0;

  isOver = false;
  /** Whether the head of the response was sent; set when the request is over. */
  isHeadSent = false;
  /** The status that was sent, or the one that stands for none; set when the request is over. */
  status = 0;
  /** The side that broke the response off, if any; set when the request is over. */
  breaker: Breaker | undefined;

  rawStatus = 0;
  isDelivered = false;
  isClosedHere = false;

  readonly writeHead: ServerResponse['writeHead'];
  readonly write: ServerResponse['write'];
  readonly end: ServerResponse['end'];
  readonly #req: IncomingMessage;
  readonly #isHead: boolean;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req;
    this.#isHead = req.method === 'HEAD';
    this.writeHead = res.writeHead;
    this.write = res.write;
    this.end = res.end;
  }

  /** Bytes of the request body: the declared length if the body is complete, else the bytes received so far. */
  requestBytes(): number {
    const counted = (this.#req as Partial<WatchedRequest>)[received];
    if (counted === undefined) return 0;
    const declared = this.#req.headers['content-length'];
    return declared !== undefined && this.#req.complete ? Number(declared) : counted.bytes;
  }

  /** Counts a chunk. Node accepts a body for HEAD, 204 and 304, but does not send it. */
  count(res: ServerResponse, chunk: unknown, encoding: unknown): void {
    const { statusCode } = res;
    if (this.#isHead || statusCode === 204 || statusCode === 304) return;
    this.responseBytes += lengthOf(chunk, encoding);
  }

  /** Stores a Content-Length in the arguments of `writeHead`, which `getHeader` does not return. */
  declare(args: readonly unknown[]): void {
    const headers = args.find((arg) => typeof arg === 'object' && arg !== null);
    for (const [name, value] of Object.entries(headers ?? {}))
      if (name.toLowerCase() === 'content-length') this.#declaredBytes = Number(value);
  }

  /** Whether all declared bytes have been passed to the connection. Called after a chunk was counted. */
  hasAllDeclared(res: ServerResponse): boolean {
    if (this.#declaredBytes === 0) this.#declaredBytes = Number(res.getHeader('content-length') ?? -1);
    return this.#declaredBytes > 0 && this.responseBytes >= this.#declaredBytes;
  }

  /** Ends all measurements of the request. */
  close(res: ServerResponse): void {
    if (this.isOver) return;
    this.isOver = true;
    this.breaker = breakerOf(this.#req, res, this);
    this.status = statusOf(this.#req, res, this, this.breaker);
    this.isHeadSent = this.rawStatus === 0 && isHeadSent(this.#req, res);
    // A response that still waits behind others of a pipeline was not sent.
    if (!this.isHeadSent) this.firstByteAt = this.responseBytes = 0;
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

export function watchResponse(req: IncomingMessage, res: ServerResponse): ResponseWatch {
  const watch = new ResponseWatch(req, res);
  (res as WatchedResponse)[watched] = watch;
  // Own properties, which hide those of the prototype or of earlier middleware, and last as long as the response.
  res.writeHead = watchedHead as typeof res.writeHead;
  res.write = watchedWrite as typeof res.write;
  res.end = watchedEnd as typeof res.end;
  // An HTTP/1 request without either header has no body; in HTTP/2 the stream shows it.
  const { headers } = req;
  if (
    headers['content-length'] !== undefined ||
    headers['transfer-encoding'] !== undefined ||
    req.httpVersionMajor >= 2
  ) {
    (req as WatchedRequest)[received] = { bytes: 0, push: req.push };
    req.push = watchedPush;
  }
  if (isHttp2(req)) watchStream(http2StreamOf(res) as WatchedStream, watch);
  else watchRawAnswers(req, res, answeredRaw);
  if (isOver(req, res)) watch.close(res);
  else whenOver(req, res, watchedClose);
  return watch;
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

function watchedHead(this: WatchedResponse, ...args: never[]): unknown {
  const watch = this[watched];
  if (watch.firstByteAt === 0) watch.firstByteAt = startedAt();
  if (args.length > 1) watch.declare(args);
  const result = Reflect.apply(watch.writeHead, this, args);
  if (this.statusCode === 101) answeredRaw(this, 101);
  return result;
}

function watchedWrite(this: WatchedResponse, ...args: readonly unknown[]): unknown {
  const watch = this[watched];
  watch.count(this, args[0], args[1]);
  return Reflect.apply(
    watch.write,
    this,
    (watch.hasAllDeclared(this) ? notingDelivery(watch, args) : args) as never,
  );
}

/** The arguments of the last `write`, with a callback: a client that has all bytes may leave before `end` is called. */
function notingDelivery(watch: ResponseWatch, args: readonly unknown[]): unknown[] {
  const callback = args.at(-1);
  const delivered = (error?: Error | null): void => {
    if (error === undefined || error === null) watch.isDelivered = true;
    if (typeof callback === 'function') callback(error);
  };
  return [...(typeof callback === 'function' ? args.slice(0, -1) : args), delivered];
}

function watchedEnd(this: WatchedResponse, ...args: readonly unknown[]): unknown {
  const watch = this[watched];
  const before = watch.responseBytes;
  const result = Reflect.apply(watch.end, this, args as never);
  // HTTP/2 writes the last chunk by `write`, which has counted it.
  if (watch.responseBytes === before) watch.count(this, args[0], args[1]);
  return result;
}

/** The connection pushes all data that arrives, even if the app does not read it. */
function watchedPush(this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
  const counted = (this as WatchedRequest)[received];
  counted.bytes += lengthOf(chunk, encoding);
  return counted.push.call(this, chunk, encoding);
}

function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string')
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
