/**
 * Answers that are written on a connection itself, past its response: the 101 of a WebSocket handshake, and what the
 * `clientError` and `timeout` listeners of a server send.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type AnswerListener = (res: ServerResponse, status: number) => void;

interface RawWatch {
  /** The last response that was begun. */
  res: ServerResponse;
  readonly listener: AnswerListener;
  readonly write: Socket['write'];
  readonly end: Socket['end'];
}

const raw = Symbol('tamma:raw');

interface WatchedSocket extends Socket {
  /** `null` where nothing of the kind is to be expected. */
  [raw]?: RawWatch | null;
  /** Set by Node: who accepted it, and the response whose turn it is. */
  readonly server?: Server | null;
  readonly _httpMessage?: ServerResponse | null;
}

/** Calls a function with the status of what is written past a response, on connections where that is to be expected. */
export function watchRawAnswers(req: IncomingMessage, res: ServerResponse, listener: AnswerListener): void {
  const socket = req.socket as WatchedSocket;
  const existing = socket[raw];
  if (existing) existing.res = res;
  else if (req.headers.upgrade !== undefined || (existing === undefined && answersItself(socket)))
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
  // What the response itself sends begins with its head.
  if (res.headersSent) return;
  const status = statusIn(chunk);
  // 100, 102 and 103 announce an answer, and are none.
  if (status !== undefined && (status >= 200 || status === 101)) listener(res, status);
}

function statusIn(chunk: unknown): number | undefined {
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return undefined;
  const start =
    typeof chunk === 'string' ? chunk.slice(0, 12) : Buffer.from(chunk.subarray(0, 12)).toString('latin1');
  const found = /^HTTP\/1\.[01] (\d{3})$/.exec(start);
  return found === null ? undefined : Number(found[1]);
}
