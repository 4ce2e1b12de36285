/**
 * Responses written directly to a connection, without a `ServerResponse`: the 101 of a WebSocket handshake, and those of the
 * `clientError` and `timeout` listeners of a server.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { hasHeader } from './raw-headers.js';

type AnswerListener = (res: ServerResponse, status: number) => void;

interface RawWatch {
  /** The last response that was started. */
  res: ServerResponse;
  readonly listener: AnswerListener;
  readonly write: Socket['write'];
  readonly end: Socket['end'];
}

const raw = Symbol('tamma:raw');

interface WatchedSocket extends Socket {
  /** `null` if no raw response is expected. */
  [raw]?: RawWatch | null;
  /** Set by Node: the server that accepted the connection, and the current response. */
  readonly server?: Server | null;
  readonly _httpMessage?: ServerResponse | null;
}

/** Calls a function with the status of a raw response, on connections where one is expected. */
export function watchRawAnswers(req: IncomingMessage, res: ServerResponse, listener: AnswerListener): void {
  const socket = req.socket as WatchedSocket;
  const existing = socket[raw];
  if (existing) existing.res = res;
  else if (hasHeader(req, 'upgrade') || (existing === undefined && answersItself(socket)))
    install(socket, { res, listener, write: socket.write, end: socket.end });
  else if (existing === undefined) socket[raw] = null;
}

function answersItself({ server }: WatchedSocket): boolean {
  return (server?.listenerCount('clientError') ?? 0) + (server?.listenerCount('timeout') ?? 0) > 0;
}

function install(socket: WatchedSocket, watch: RawWatch): void {
  socket[raw] = watch;
  socket.write = rawWrite as typeof socket.write;
  socket.end = rawEnd as typeof socket.end;
}

function rawWrite(this: WatchedSocket, ...args: readonly unknown[]): unknown {
  const watch = this[raw] as RawWatch;
  read(this, watch, args[0]);
  return Reflect.apply(watch.write, this, args as never);
}

function rawEnd(this: WatchedSocket, ...args: readonly unknown[]): unknown {
  const watch = this[raw] as RawWatch;
  read(this, watch, args[0]);
  return Reflect.apply(watch.end, this, args as never);
}

function read(socket: WatchedSocket, { res: last, listener }: RawWatch, chunk: unknown): void {
  const res = socket._httpMessage ?? last;
  // Data that the response itself sends starts with its head. An upgrade that it answers is over with that.
  if (res.headersSent) {
    if (res.statusCode === 101) listener(res, 101);
    return;
  }
  const status = statusIn(chunk);
  // 100, 102 and 103 are interim responses.
  if (status !== undefined && (status >= 200 || status === 101)) listener(res, status);
}

function statusIn(chunk: unknown): number | undefined {
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return undefined;
  const start =
    typeof chunk === 'string' ? chunk.slice(0, 12) : Buffer.from(chunk.subarray(0, 12)).toString('latin1');
  const found = /^HTTP\/1\.[01] (\d{3})$/.exec(start);
  return found === null ? undefined : Number(found[1]);
}
