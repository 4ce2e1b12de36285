/**
 * What goes over the wire of one request, and who measures it: when its first byte is sent, and how many bytes its bodies have. Observed on the
 * request and the response themselves, below every middleware: what koa-compress made of a body is what is counted.
 *
 * The functions that are put on them are the same for all requests, and what they count stands beside: closures would cost
 * each request several times as much.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { startedAt } from '../lib/instruments/stopwatch.js';
import { watchRawAnswers } from './raw-answer.js';
import { type Breaker, breakerOf, isHeadOnWire, type ResponseFacts, statusOf } from './response-outcome.js';
import { http2StreamOf, isHttp2, isOver, whenOver } from './response-over.js';

const watched = Symbol('tamma:watched');
const received = Symbol('tamma:received');

interface WatchedResponse extends ServerResponse {
  [watched]: WireWatch;
}

interface WatchedStream extends ServerHttp2Stream {
  [watched]: WireWatch;
}

interface WatchedRequest extends IncomingMessage {
  [received]: { bytes: number; readonly push: IncomingMessage['push'] };
}

/** One middleware's measurement of a request. */
export interface Measurement {
  /** The next one's: a request may be measured in several registries. */
  readonly next: Measurement | undefined;
  /** Where it records. */
  readonly registry: unknown;
  /** The request was handed on to another Koa app, by its `callback()`, where it has this context. */
  handedTo(ctx: unknown): void;
  /** Called once, when the connection or stream is done with the request. Must not throw. */
  ended(wire: WireWatch): void;
}

/** What is known of one request's wire. */
export class WireWatch implements ResponseFacts {
  measurements: Measurement | undefined;
  /** Moment at which the head of the response was written, as `startedAt` gives it; 0 until then. */
  firstByteAt = 0;
  /** Bytes of the response's body that have been handed to the connection. */
  responseBytes = 0;
  /** Bytes that Content-Length declares; -1 for a length that is not declared, and 0 until it is looked up. */
  #declaredBytes = 0;

  isOver = false;
  /** Whether the head of the response went over the wire; set when it is over. */
  isHeadSent = false;
  /** The status that went over the wire, or stands for none; set when it is over. */
  status = 0;
  /** Who broke the response off, if anybody did; set when it is over. */
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

  /** Bytes of the request's body: what is declared of one that has arrived, and of any other what has come so far. */
  requestBytes(): number {
    const counted = (this.#req as Partial<WatchedRequest>)[received];
    if (counted === undefined) return 0;
    const declared = this.#req.headers['content-length'];
    return declared !== undefined && this.#req.complete ? Number(declared) : counted.bytes;
  }

  /** Counts what is sent. Node takes a body with HEAD, 204 and 304, and sends none. */
  count(res: ServerResponse, chunk: unknown, encoding: unknown): void {
    const { statusCode } = res;
    if (this.#isHead || statusCode === 204 || statusCode === 304) return;
    this.responseBytes += lengthOf(chunk, encoding);
  }

  /** Notes a length that is declared in the arguments of `writeHead`, which `getHeader` does not show. */
  declare(args: readonly unknown[]): void {
    const headers = args.find((arg) => typeof arg === 'object' && arg !== null);
    for (const [name, value] of Object.entries(headers ?? {}))
      if (name.toLowerCase() === 'content-length') this.#declaredBytes = Number(value);
  }

  /** Whether all that was declared has been handed over, now that the last chunk was counted. */
  hasAllDeclared(res: ServerResponse): boolean {
    if (this.#declaredBytes === 0) this.#declaredBytes = Number(res.getHeader('content-length') ?? -1);
    return this.#declaredBytes > 0 && this.responseBytes >= this.#declaredBytes;
  }

  /** It is over: everybody who measures it learns how it ended. */
  close(res: ServerResponse): void {
    if (this.isOver) return;
    this.isOver = true;
    this.breaker = breakerOf(this.#req, res, this);
    this.status = statusOf(this.#req, res, this, this.breaker);
    this.isHeadSent = this.rawStatus === 0 && isHeadOnWire(this.#req, res);
    // What still waits behind others of a pipeline has not been sent.
    if (!this.isHeadSent) this.firstByteAt = this.responseBytes = 0;
    for (let each = this.measurements; each !== undefined; each = each.next) each.ended(this);
  }
}

/** The watch of a request that is measured already. */
export function watchOf(res: ServerResponse): WireWatch | undefined {
  return (res as Partial<WatchedResponse>)[watched];
}

/** The measurement of a request in this registry, by a middleware that was mounted before. */
export function measurementIn(registry: unknown, watch: WireWatch): Measurement | undefined {
  for (let each = watch.measurements; each !== undefined; each = each.next)
    if (each.registry === registry) return each;
  return undefined;
}

export function watchWire(req: IncomingMessage, res: ServerResponse): WireWatch {
  const watch = new WireWatch(req, res);
  (res as WatchedResponse)[watched] = watch;
  // Own properties over the prototype's, or over those of whoever was here before; gone with the response.
  res.writeHead = watchedHead as typeof res.writeHead;
  res.write = watchedWrite as typeof res.write;
  res.end = watchedEnd as typeof res.end;
  // HTTP/1 without either header has no body; HTTP/2 tells by its stream.
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

/** A WebSocket's handshake is over when it is answered: its session is no request. */
function answeredRaw(res: ServerResponse, status: number): void {
  const watch = watchOf(res);
  if (watch === undefined || watch.isOver) return;
  watch.rawStatus = status;
  if (status === 101) watch.close(res);
}

/** A stream does not show whether the client or this process closed it. */
function watchStream(stream: WatchedStream, watch: WireWatch): void {
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

// Node itself closes the streams of a connection that its client has left, and of a session that its client has failed.
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

/** Arguments of the last `write`: a client that has all its bytes may leave before `end` is called. */
function notingDelivery(watch: WireWatch, args: readonly unknown[]): unknown[] {
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
  // HTTP/2 writes the last chunk by `write`, where it has been counted.
  if (watch.responseBytes === before) watch.count(this, args[0], args[1]);
  return result;
}

/** The connection pushes what arrives, whether anyone reads it or not. */
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
