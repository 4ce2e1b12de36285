/**
 * What goes over the wire of one request: when its first byte is sent, and how many bytes its bodies have. Observed on the
 * request and the response themselves, below every middleware: what koa-compress made of a body is what is counted.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface WireWatch {
  /** Bytes of the request's body that have arrived. */
  requestBytes(): number;
  /** Bytes of the response's body that have been handed to the connection. */
  responseBytes(): number;
}

/** @param onFirstByte called when the head of the response is written */
export function watchWire(req: IncomingMessage, res: ServerResponse, onFirstByte: () => void): WireWatch {
  return { requestBytes: countReceived(req), responseBytes: countSent(req, res, onFirstByte) };
}

/** What is declared of a body that has arrived, and of any other what the connection has pushed, read by anyone or not. */
function countReceived(req: IncomingMessage): () => number {
  const declared = req.headers['content-length'];
  // HTTP/1 without either has no body; HTTP/2 tells by its stream.
  if (declared === undefined && req.headers['transfer-encoding'] === undefined && req.httpVersionMajor < 2)
    return () => 0;
  let bytes = 0;
  const { push } = req;
  req.push = function counted(chunk: unknown, encoding?: BufferEncoding): boolean {
    bytes += lengthOf(chunk, encoding);
    return push.call(this, chunk, encoding);
  };
  return () => (declared !== undefined && req.complete ? Number(declared) : bytes);
}

function countSent(req: IncomingMessage, res: ServerResponse, onFirstByte: () => void): () => number {
  let bytes = 0;
  let hasHead = false;
  const { writeHead, write, end } = res;
  const noteHead = (): void => {
    if (hasHead) return;
    hasHead = true;
    onFirstByte();
  };
  const count = (chunk: unknown, encoding: unknown): void => {
    // Node takes a body with HEAD, 204 and 304, and sends none.
    const { statusCode } = res;
    if (req.method === 'HEAD' || statusCode === 204 || statusCode === 304) return;
    bytes += lengthOf(chunk, encoding);
  };
  // Own properties over the prototype's: as hidden as those from no one, and gone with the response.
  res.writeHead = function watchedHead(this: ServerResponse, ...args: never[]) {
    noteHead();
    return Reflect.apply(writeHead, this, args);
  } as typeof writeHead;
  res.write = function watchedWrite(this: ServerResponse, ...args: never[]) {
    const [chunk, encoding] = args as readonly unknown[];
    count(chunk, encoding);
    return Reflect.apply(write, this, args);
  } as typeof write;
  res.end = function watchedEnd(this: ServerResponse, ...args: never[]) {
    const [chunk, encoding] = args as readonly unknown[];
    const before = bytes;
    const result = Reflect.apply(end, this, args);
    // HTTP/2 writes the last chunk by `write`, where it has been counted.
    if (bytes === before) count(chunk, encoding);
    return result;
  } as typeof end;
  return () => bytes;
}

function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string')
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
