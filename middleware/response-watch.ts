/**
 * What goes over the wire of one request, and who measures it: when its first byte is sent, and how many bytes its bodies have. Observed on the
 * request and the response themselves, below every middleware: what koa-compress made of a body is what is counted.
 *
 * The functions that are put on them are the same for all requests, and what they count stands beside: closures would cost
 * each request several times as much.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startedAt } from '../lib/instruments/stopwatch.js';

const watched = Symbol('tamma:watched');
const received = Symbol('tamma:received');

interface WatchedResponse extends ServerResponse {
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
  /** Told once, when the connection or stream is done with the request. Must not throw. */
  ended(wire: WireWatch, res: ServerResponse): void;
}

/** What is known of one request's wire. */
export class WireWatch {
  measurements: Measurement | undefined;
  /** Moment at which the head of the response was written, as `startedAt` gives it; 0 until then. */
  firstByteAt = 0;
  /** Bytes of the response's body that have been handed to the connection. */
  responseBytes = 0;

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
}

/** The watch of a request that is measured already. */
export function watchOf(res: ServerResponse): WireWatch | undefined {
  return (res as Partial<WatchedResponse>)[watched];
}

/** Whether a request is measured in this registry already, by a middleware that was mounted before. */
export function isMeasuredIn(registry: unknown, watch: WireWatch): boolean {
  for (let each = watch.measurements; each !== undefined; each = each.next)
    if (each.registry === registry) return true;
  return false;
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
  // It comes exactly once, whatever becomes of the request.
  res.on('close', watchedClose);
  return watch;
}

function watchedClose(this: ServerResponse): void {
  const watch = (this as WatchedResponse)[watched];
  for (let each = watch.measurements; each !== undefined; each = each.next) each.ended(watch, this);
}

function watchedHead(this: WatchedResponse, ...args: never[]): unknown {
  const watch = this[watched];
  if (watch.firstByteAt === 0) watch.firstByteAt = startedAt();
  return Reflect.apply(watch.writeHead, this, args);
}

function watchedWrite(this: WatchedResponse, ...args: readonly unknown[]): unknown {
  const watch = this[watched];
  watch.count(this, args[0], args[1]);
  return Reflect.apply(watch.write, this, args as never);
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
