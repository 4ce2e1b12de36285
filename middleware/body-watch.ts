/**
 * The first byte and the sizes of both bodies of one request, as they are sent and received: a compressed body counts
 * compressed. Nothing is replaced on the request and the response that the chosen measures do not need.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startedAt } from '../lib/instruments/stopwatch.js';
import { hasHeader } from './raw-headers.js';

/** What `requestMetrics` can measure in addition to the duration and the requests in flight. */
export const requestMeasures = ['first-byte', 'request-size', 'response-size'] as const;

/** What `requestMetrics({ measure })` can measure in addition to the duration and the requests in flight. */
export type RequestMeasure = (typeof requestMeasures)[number];

/** What the watch of a response knows of its bodies. */
interface WatchedBodies {
  readonly req: IncomingMessage;
  readonly isHead: boolean;
  /** Bytes of the response body that were passed to `write`. */
  readonly writtenBytes: number;
}

/** The chosen measures. */
export type BodyMeasures = ReadonlySet<RequestMeasure>;

const bodies = Symbol('tamma:bodies');

interface WatchedResponse extends ServerResponse {
  [bodies]: BodyWatch;
}

interface WatchedRequest extends IncomingMessage {
  [bodies]: BodyWatch;
}

/** The state of one request whose bodies are watched. */
export class BodyWatch {
  /** When the head of the response was written, as `startedAt` returns it; 0 until then. */
  firstByteAt = 0;
  /** Bytes passed to `end`; those passed to `write` are counted by the watch of the response. */
  endBytes = 0;
  receivedBytes = 0;
  writeHead: ServerResponse['writeHead'] | undefined = undefined;
  end: ServerResponse['end'] | undefined = undefined;
  push: IncomingMessage['push'] | undefined = undefined;
  readonly watch: WatchedBodies;

  constructor(watch: WatchedBodies) {
    this.watch = watch;
  }

  /** Bytes of the request body: the declared length if the body is complete, else the bytes received so far. */
  requestBytes(): number {
    if (this.push === undefined) return 0;
    const { req } = this.watch;
    const declared = req.headers['content-length'];
    return declared !== undefined && req.complete ? Number(declared) : this.receivedBytes;
  }

  /** Bytes of the response body. */
  get responseBytes(): number {
    return this.watch.writtenBytes + this.endBytes;
  }
}

/** Starts to measure what has been chosen, on a response that is watched. */
export function watchBodies(res: ServerResponse, state: BodyWatch, measures: BodyMeasures): void {
  (res as WatchedResponse)[bodies] = state;
  // Own properties, which hide those of the prototype or of earlier middleware, and last as long as the response.
  if (measures.has('first-byte') && state.writeHead === undefined) {
    state.writeHead = res.writeHead;
    res.writeHead = watchedHead as typeof res.writeHead;
  }
  if (measures.has('response-size') && state.end === undefined) {
    state.end = res.end;
    res.end = watchedEnd as typeof res.end;
  }
  const { req } = state.watch;
  if (measures.has('request-size') && state.push === undefined && mayHaveBody(req)) {
    (req as WatchedRequest)[bodies] = state;
    state.push = req.push;
    req.push = watchedPush;
  }
}

/** An HTTP/1 request without either header has no body; in HTTP/2 the stream shows it. */
function mayHaveBody(req: IncomingMessage): boolean {
  return req.httpVersionMajor >= 2 || hasHeader(req, 'content-length') || hasHeader(req, 'transfer-encoding');
}

type Method = (...args: readonly unknown[]) => unknown;

// Three parameters: an array of arguments for each call would have to be made and spread.
function watchedHead(this: WatchedResponse, status: unknown, reason: unknown, headers: unknown): unknown {
  const state = this[bodies];
  if (state.firstByteAt === 0) state.firstByteAt = startedAt();
  return (state.writeHead as Method).call(this, status, reason, headers);
}

function watchedEnd(this: WatchedResponse, chunk: unknown, encoding: unknown, callback: unknown): unknown {
  const state = this[bodies];
  const { writtenBytes } = state.watch;
  const result = (state.end as Method).call(this, chunk, encoding, callback);
  // HTTP/2 writes the last chunk by `write`, which has counted it.
  if (state.watch.writtenBytes === writtenBytes && state.endBytes === 0)
    state.endBytes = sentLength(state.watch, this, chunk, encoding);
  return result;
}

/** The connection pushes all data that arrives, even if the app does not read it. */
function watchedPush(this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
  const state = (this as WatchedRequest)[bodies];
  state.receivedBytes += lengthOf(chunk, encoding);
  return (state.push as IncomingMessage['push']).call(this, chunk, encoding);
}

/** Bytes of a chunk of a response. Node accepts a body for HEAD, 204 and 304, but does not send it. */
export function sentLength(
  { isHead }: WatchedBodies,
  { statusCode }: ServerResponse,
  chunk: unknown,
  encoding: unknown,
): number {
  return isHead || statusCode === 204 || statusCode === 304 ? 0 : lengthOf(chunk, encoding);
}

/** Bytes of a chunk; 0 for what is not a chunk, such as a callback. */
function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string')
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
